import type { Selectable } from 'kysely'
import type { ImageStrangersTable } from '../../database/schema.ts'
import { permitted } from '../access.ts'
import type { Actor } from '../actor.ts'
import { record } from '../audit.ts'
import type { Core, Query } from '../core.ts'
import { Failure } from '../failure.ts'
import { findProject } from '../people/openstack/lookups.ts'
import { now } from '../time.ts'
import type { Image } from './image.ts'
import {
  demandNotOwner,
  demandRoom,
  demandShared,
  demandStatus,
  type Member,
  type MemberStatus,
  memberNotFound,
  members,
  visible,
} from './members.ts'
import { lockImage } from './save.ts'

export type OpenstackMember = {
  readonly openstackId: string
  readonly imageUuid: string
  readonly status: MemberStatus
  readonly createdAt: number
  readonly updatedAt: number
}

/**
 * Sharing with whoever OpenStack's clients name. Any text may be the id of a project: one that this catalogue does not
 * know is a *stranger*, who becomes a member when the project appears (glance.md section 10).
 */
export function openstackMembers(core: Core) {
  const { database } = core
  const known = members(core)

  async function projectOf(id: string): Promise<number | null> {
    return (await findProject(database.db, { id }))?.id ?? null
  }

  /** The stranger of this name, for those who see all members. @throws Failure `not-found` */
  async function stranger(query: Query, actor: Actor, image: Image, id: string) {
    const row = await strangersOf(query, image).where('member_id', '=', id).executeTakeFirst()
    if (!row || image.visibility !== 'shared' || !permitted(actor, 'image.view', image.ownerId))
      throw memberNotFound(id)
    return row
  }

  return {
    /** @throws Failure as `members.list` */
    async list(actor: Actor, uuid: string): Promise<OpenstackMember[]> {
      const found = (await known.list(actor, uuid)).map(toOpenstack)
      const image = await visible(database.db, actor, uuid)
      if (!permitted(actor, 'image.view', image.ownerId)) return found
      const rows = await strangersOf(database.db, image).execute()
      return [...found, ...rows.map(toMember(image))].sort((a, b) => a.createdAt - b.createdAt)
    },

    /** @throws Failure as `members.view` */
    async view(actor: Actor, uuid: string, id: string): Promise<OpenstackMember> {
      const project = await projectOf(id)
      if (project !== null) return toOpenstack(await known.view(actor, uuid, project))
      const image = await visible(database.db, actor, uuid)
      return toMember(image)(await stranger(database.db, actor, image, id))
    },

    /** @throws Failure as `members.add`, except that every project exists */
    async add(actor: Actor, uuid: string, id: string): Promise<OpenstackMember> {
      const project = await projectOf(id)
      if (project !== null) return toOpenstack(await known.add(actor, uuid, project))
      return database.transaction(async (trx) => {
        const image = await lockImage(trx, core, actor, uuid, 'image.share')
        demandShared(image)
        // It may have become known just now, and its strangers members already.
        if (await findProject(trx, { id })) throw justKnown
        await demandRoom(trx, image)
        const at = now()
        const row = await trx
          .insertInto('image_strangers')
          .values({ image_seq: image.seq, member_id: id, status: 'pending', created_at: at, updated_at: at })
          .onConflict((conflict) => conflict.doNothing())
          .returningAll()
          .executeTakeFirst()
        if (!row)
          throw new Failure('conflict', 'The project is a member of the image already.', {
            subject: 'member',
          })
        await record(trx, actor, { action: 'share', kind: 'image', id: image.uuid, after: { member: id } })
        return toMember(image)(row)
      })
    },

    /** @throws Failure as `members.decide` */
    async decide(actor: Actor, uuid: string, id: string, status: string): Promise<OpenstackMember> {
      const project = await projectOf(id)
      if (project !== null) return toOpenstack(await known.decide(actor, uuid, project, status))
      return database.transaction(async (trx) => {
        const image = await visible(trx, actor, uuid)
        demandShared(image)
        demandNotOwner(actor, image)
        const before = await stranger(trx, actor, image, id)
        if (!permitted(actor, 'image.share', image.ownerId)) throw memberNotFound(id)
        demandStatus(status)
        const row = await trx
          .updateTable('image_strangers')
          .set({ status, updated_at: now() })
          .where('image_seq', '=', image.seq)
          .where('member_id', '=', id)
          .returningAll()
          .executeTakeFirstOrThrow()
        await record(trx, actor, {
          action: 'share-decision',
          kind: 'image',
          id: image.uuid,
          before: { member: id, status: before.status },
          after: { member: id, status },
        })
        return toMember(image)(row)
      })
    },

    /** @throws Failure as `members.remove` */
    async remove(actor: Actor, uuid: string, id: string): Promise<void> {
      const project = await projectOf(id)
      if (project !== null) return known.remove(actor, uuid, project)
      await database.transaction(async (trx) => {
        const image = await lockImage(trx, core, actor, uuid, 'image.share')
        demandShared(image)
        const { numDeletedRows } = await trx
          .deleteFrom('image_strangers')
          .where('image_seq', '=', image.seq)
          .where('member_id', '=', id)
          .executeTakeFirst()
        if (Number(numDeletedRows) === 0) throw memberNotFound(id)
        await record(trx, actor, { action: 'unshare', kind: 'image', id: image.uuid, before: { member: id } })
      })
    },
  }
}

const justKnown = new Failure('conflict', 'The project has just become known; try again.', {
  subject: 'member',
})

function strangersOf(query: Query, image: Image) {
  return query
    .selectFrom('image_strangers')
    .selectAll()
    .where('image_seq', '=', image.seq)
    .orderBy('created_at')
    .orderBy('member_id')
}

function toMember(image: Image): (row: Selectable<ImageStrangersTable>) => OpenstackMember {
  return (row) => ({
    openstackId: row.member_id,
    imageUuid: image.uuid,
    status: row.status,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  })
}

function toOpenstack({ project, ...member }: Member): OpenstackMember {
  return { ...member, openstackId: project.openstackId }
}
