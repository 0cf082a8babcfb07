import { permitted } from '../access.ts'
import type { Actor } from '../actor.ts'
import { record } from '../audit.ts'
import type { Core, Query, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import type { Image } from '../images/image.ts'
import { lockImage, saveImage } from '../images/save.ts'
import { now } from '../time.ts'

/** As many projects as an image can be shared with (glance.md section 10). */
const maximum = 128

/** IMGAPI's list of accounts that may use an image: the members it is shared with (one-catalogue.md section 3). */
export function acls(core: Core) {
  const { database } = core

  return {
    /**
     * Those that are members already are passed over, the owner too. A private image becomes shared.
     * @throws Failure `not-found`, `forbidden`, `invalid` (reason `account`: no such project), `quota` (reason `members`).
     */
    async add(actor: Actor, uuid: string, accounts: readonly string[]): Promise<void> {
      await database.transaction(async (trx) => {
        const image = await lockImage(trx, core, actor, uuid, 'image.share')
        await enterMembers(trx, actor, image, await projectsOf(trx, accounts))
        if (image.visibility !== 'private' || !(await hasMembers(trx, image))) return
        await saveImage(trx, core, actor, image, { visibility: 'shared' }, 'update')
      })
    },

    /** Those that are no members are passed over. @throws Failure `not-found`, `forbidden`. */
    async remove(actor: Actor, uuid: string, accounts: readonly string[]): Promise<void> {
      await database.transaction(async (trx) => {
        const image = await lockImage(trx, core, actor, uuid, 'image.share')
        const rows = await trx.selectFrom('projects').select('id').where('uuid', 'in', accounts).execute()
        await dropMembers(
          trx,
          actor,
          image,
          rows.map(({ id }) => id),
        )
      })
    },
  }
}

/** @throws Failure `invalid` (reason `account`), naming the first that does not exist. */
export async function projectsOf(query: Query, accounts: readonly string[]): Promise<readonly number[]> {
  if (accounts.length === 0) return []
  const rows = await query
    .selectFrom('projects')
    .select(['id', 'uuid'])
    .where('uuid', 'in', accounts)
    .execute()
  const known = new Set(rows.map(({ uuid }) => uuid))
  const unknown = accounts.find((uuid) => !known.has(uuid))
  if (unknown !== undefined)
    throw new Failure('invalid', `There is no account "${unknown}".`, {
      subject: 'project',
      id: unknown,
      reason: 'account',
    })
  return rows.map(({ id }) => id)
}

/** The ids of all members, whatever they decided. */
export async function memberIds(query: Query, image: Image): Promise<readonly number[]> {
  const rows = await query
    .selectFrom('image_members')
    .select('project_id')
    .where('image_seq', '=', image.seq)
    .execute()
  return rows.map((row) => row.project_id)
}

export async function hasMembers(query: Query, image: Image): Promise<boolean> {
  return (await memberIds(query, image)).length > 0
}

/** @throws Failure `quota` (reason `members`). */
export async function enterMembers(
  trx: Trx,
  actor: Actor,
  image: Image,
  projects: readonly number[],
): Promise<void> {
  const present = new Set(await memberIds(trx, image))
  const added = projects.filter((id) => id !== image.ownerId && !present.has(id))
  if (added.length === 0) return
  if (present.size + added.length > maximum)
    throw new Failure('quota', `An image can be shared with ${maximum} accounts at most.`, {
      reason: 'members',
    })
  const at = now()
  const rows = added.map((id) => ({
    image_seq: image.seq,
    project_id: id,
    // Nobody's lists elsewhere are filled by strangers: who may not speak for a project only offers the image to it.
    status: permitted(actor, 'image.share', id) ? ('accepted' as const) : ('pending' as const),
    created_at: at,
    updated_at: at,
  }))
  await trx.insertInto('image_members').values(rows).execute()
  await record(trx, actor, { action: 'share', kind: 'image', id: image.uuid, after: { projects: added } })
}

export async function dropMembers(
  trx: Trx,
  actor: Actor,
  image: Image,
  projects: readonly number[],
): Promise<void> {
  const present = new Set(await memberIds(trx, image))
  const dropped = projects.filter((id) => present.has(id))
  if (dropped.length === 0) return
  await trx
    .deleteFrom('image_members')
    .where('image_seq', '=', image.seq)
    .where('project_id', 'in', dropped)
    .execute()
  await record(trx, actor, {
    action: 'unshare',
    kind: 'image',
    id: image.uuid,
    before: { projects: dropped },
  })
}
