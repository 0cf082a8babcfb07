import { allows, imageNotFound, permitted } from '../access.ts'
import type { Actor } from '../actor.ts'
import { record } from '../audit.ts'
import type { Core, Query, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import { openstackId } from '../people/openstack/identity.ts'
import { now } from '../time.ts'
import { findImage, membersOf } from './find.ts'
import type { Image } from './image.ts'
import { lockImage } from './save.ts'

export const memberStatuses = ['pending', 'accepted', 'rejected'] as const
export type MemberStatus = (typeof memberStatuses)[number]

export type Member = {
  readonly imageUuid: string
  readonly project: {
    readonly id: number
    readonly uuid: string
    readonly name: string
    readonly label: string
    readonly openstackId: string
  }
  readonly status: MemberStatus
  readonly createdAt: number
  readonly updatedAt: number
}

const maximum = 128

/** Sharing, project to project (glance.md section 10, onecloudplanet.md 2.8). */
export function members(core: Core) {
  const { database } = core

  return {
    /**
     * The owner sees all members, a member project only itself.
     * @throws Failure `not-found`, `forbidden` (reason `not-shared`).
     */
    async list(actor: Actor, uuid: string): Promise<Member[]> {
      const image = await visible(database.db, actor, uuid)
      demandShared(image)
      const found = await selectMembers(database.db, image).execute()
      return found.map(toMember(image)).filter((member) => seesMember(actor, image, member.project.id))
    },

    /** @throws Failure `not-found` (subject `member` when the image is there but the member is not for this caller). */
    async view(actor: Actor, uuid: string, projectId: number): Promise<Member> {
      const image = await visible(database.db, actor, uuid)
      const row = await selectMembers(database.db, image)
        .where('project_id', '=', projectId)
        .executeTakeFirst()
      if (image.visibility !== 'shared' || !row || !seesMember(actor, image, projectId))
        throw memberNotFound(projectId)
      return toMember(image)(row)
    },

    /**
     * @throws Failure `not-found`, `forbidden` (reasons `owner`, `not-shared`), `invalid` (no such project), `conflict`
     * (a member already), `quota` (128 members).
     */
    async add(actor: Actor, uuid: string, projectId: number): Promise<Member> {
      return database.transaction(async (trx) => {
        const image = await lockImage(trx, core, actor, uuid, 'image.share')
        demandShared(image)
        const project = await trx
          .selectFrom('projects')
          .select('id')
          .where('id', '=', projectId)
          .executeTakeFirst()
        if (!project)
          throw new Failure('invalid', 'Client does not exist', { subject: 'project', id: String(projectId) })
        const present = await membersOf(trx, image)
        if (present.has(projectId))
          throw new Failure('conflict', 'The project is a member of the image already.', {
            subject: 'member',
          })
        await demandRoom(trx, image)
        const at = now()
        await trx
          .insertInto('image_members')
          .values({
            image_seq: image.seq,
            project_id: projectId,
            status: 'pending',
            created_at: at,
            updated_at: at,
          })
          .execute()
        await record(trx, actor, { action: 'share', kind: 'image', id: image.uuid, after: { projectId } })
        return toMember(image)(
          await selectMembers(trx, image).where('project_id', '=', projectId).executeTakeFirstOrThrow(),
        )
      })
    },

    /**
     * Accepts or rejects: only the member itself does that, never the owner on its behalf.
     * @throws Failure `not-found`, `forbidden` (reason `owner` for the owner), `invalid` (reason `status`).
     */
    async decide(actor: Actor, uuid: string, projectId: number, status: string): Promise<Member> {
      return database.transaction(async (trx) => {
        const image = await visible(trx, actor, uuid)
        demandShared(image)
        demandNotOwner(actor, image)
        const row = await selectMembers(trx, image).where('project_id', '=', projectId).executeTakeFirst()
        if (!row || !seesMember(actor, image, projectId)) throw memberNotFound(projectId)
        if (!permitted(actor, 'image.share', projectId))
          throw new Failure('forbidden', 'Your role does not allow this.', { reason: 'role' })
        demandStatus(status)
        await trx
          .updateTable('image_members')
          .set({ status, updated_at: now() })
          .where('image_seq', '=', image.seq)
          .where('project_id', '=', projectId)
          .execute()
        await record(trx, actor, {
          action: 'share-decision',
          kind: 'image',
          id: image.uuid,
          before: { projectId, status: row.status },
          after: { projectId, status },
        })
        return toMember(image)(
          await selectMembers(trx, image).where('project_id', '=', projectId).executeTakeFirstOrThrow(),
        )
      })
    },

    /** @throws Failure `not-found`, `forbidden`. */
    async remove(actor: Actor, uuid: string, projectId: number): Promise<void> {
      await database.transaction(async (trx) => {
        const image = await lockImage(trx, core, actor, uuid, 'image.share')
        demandShared(image)
        const { numDeletedRows } = await trx
          .deleteFrom('image_members')
          .where('image_seq', '=', image.seq)
          .where('project_id', '=', projectId)
          .executeTakeFirst()
        if (Number(numDeletedRows) === 0) throw memberNotFound(projectId)
        await record(trx, actor, { action: 'unshare', kind: 'image', id: image.uuid, before: { projectId } })
      })
    },
  }
}

/** Known projects and others together. @throws Failure `quota` (reason `members`) when one more would be too many. */
export async function demandRoom(trx: Trx, image: Image): Promise<void> {
  const { strangers } = await trx
    .selectFrom('image_strangers')
    .select((select) => select.fn.countAll<number>().as('strangers'))
    .where('image_seq', '=', image.seq)
    .executeTakeFirstOrThrow()
  const attempted = (await membersOf(trx, image)).size + Number(strangers) + 1
  if (attempted > maximum)
    throw new Failure(
      'quota',
      `The limit has been exceeded on the number of allowed image members. Attempted: ${attempted}, Maximum: ${maximum}`,
      { reason: 'members' },
    )
}

export async function visible(query: Query, actor: Actor, uuid: string): Promise<Image> {
  const image = await findImage(query, uuid)
  if (!image || image.status === 'deleted') throw imageNotFound(uuid)
  if (!allows(actor, 'image.view', image, await membersOf(query, image))) throw imageNotFound(uuid)
  return image
}

/** @throws Failure `forbidden` (reason `owner`) */
export function demandNotOwner(actor: Actor, image: Image): void {
  if (actor.superAdmin || !permitted(actor, 'image.share', image.ownerId)) return
  throw new Failure('forbidden', 'The owner of an image may not decide for its members.', { reason: 'owner' })
}

/** @throws Failure `invalid` (reason `status`) */
export function demandStatus(status: string): asserts status is MemberStatus {
  if ((memberStatuses as readonly string[]).includes(status)) return
  throw new Failure('invalid', 'Status must be "pending", "accepted" or "rejected".', { reason: 'status' })
}

export function demandShared(image: Image): void {
  if (image.visibility !== 'shared')
    throw new Failure('forbidden', 'Only shared images have members.', {
      subject: 'image',
      reason: 'not-shared',
    })
}

function seesMember(actor: Actor, image: Image, projectId: number): boolean {
  return permitted(actor, 'image.view', image.ownerId) || permitted(actor, 'image.view', projectId)
}

export function memberNotFound(id: number | string): Failure {
  return new Failure('not-found', 'Could not find details about image member.', {
    subject: 'member',
    id: String(id),
  })
}

function selectMembers(query: Query, image: Image) {
  return query
    .selectFrom('image_members')
    .innerJoin('projects', 'projects.id', 'image_members.project_id')
    .where('image_seq', '=', image.seq)
    .select([
      'image_members.project_id',
      'image_members.status',
      'image_members.created_at',
      'image_members.updated_at',
      'projects.uuid',
      'projects.keystone_id',
      'projects.name',
      'projects.label',
    ])
    .orderBy('image_members.created_at')
    .orderBy('image_members.project_id')
}

type MemberRow = {
  project_id: number
  status: MemberStatus
  created_at: number
  updated_at: number
  uuid: string
  keystone_id: string | null
  name: string
  label: string
}

function toMember(image: Image): (row: MemberRow) => Member {
  return (row) => ({
    imageUuid: image.uuid,
    project: {
      id: row.project_id,
      uuid: row.uuid,
      name: row.name,
      label: row.label,
      openstackId: openstackId(row),
    },
    status: row.status,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  })
}
