import type { Actor } from '../../actor.ts'
import { record } from '../../audit.ts'
import type { Core, Query, Trx } from '../../core.ts'
import { Failure, isFailure } from '../../failure.ts'
import { attachedImage } from '../../images/attachments.ts'
import { logDetail, logDone } from '../../tasks/log.ts'
import { type Instance, instanceNamed, notOperational, workOnInstance } from './instance.ts'
import { demandManager } from './instances.ts'
import type { LiveResources } from './live.ts'

/** A disk of an instance. */
export type Disk = {
  /** From 1. */
  readonly number: number
  /** MB. */
  readonly size: number
  /** The image it was made from; `handle` is null when that is not here. */
  readonly image: { readonly uuid: string; readonly handle: string | null } | null
  readonly boot: boolean
  /** Name below IMAGEPORT_DISKS_DIR. */
  readonly file: string | null
}

export type DiskFacts = {
  /** MB; that of the image when it is not said. */
  readonly size?: number
  /** The handle of an image that may be used in the project; null: none. */
  readonly image?: string | null
  readonly boot?: boolean
}

export function disks(core: Core, live: LiveResources) {
  const { database } = core

  /** An instance whose definition is the catalogue's own, and nobody else's to change until the transaction ends. @throws Failure `forbidden`, `not-found`, `state` */
  async function recorded(trx: Trx, actor: Actor, projectId: number, name: string): Promise<Instance> {
    const instance = await instanceNamed(trx, actor, projectId, name)
    if (database.engine === 'postgres')
      await trx
        .selectFrom('instances')
        .select('uuid')
        .where('uuid', '=', instance.uuid)
        .forNoKeyUpdate()
        .execute()
    if (instance.live || instance.status.endsWith('-')) throw notOperational(instance.uuid, instance.status)
    return instance
  }

  async function write(
    trx: Trx,
    actor: Actor,
    instance: Instance,
    number: number,
    facts: { size: number; image_uuid: string | null; boot: boolean },
    before: Disk | null,
  ): Promise<Disk> {
    const row = { ...facts, boot: facts.boot ? 1 : 0 } as const
    if (before)
      await trx
        .updateTable('disks')
        .set(row)
        .where('instance_uuid', '=', instance.uuid)
        .where('number', '=', number)
        .execute()
    else
      await trx
        .insertInto('disks')
        .values({ ...row, instance_uuid: instance.uuid, number, file: null })
        .execute()
    const after = await findDisk(trx, instance.uuid, number)
    const id = instance.uuid
    await record(trx, actor, { action: 'disks', kind: 'instance', id, ...(before ? { before } : {}), after })
    const detail = logDetail({
      disk_id: number,
      size: after.size,
      image: after.image?.handle,
      boot: after.boot,
    })
    const message = `${before ? 'Update' : 'Create'} server disk definition`
    await logDone(trx, actor, workOnInstance(instance, message, detail))
    return after
  }

  return {
    /** By number. @throws Failure `not-found`. */
    async list(actor: Actor, projectId: number, name: string): Promise<Disk[]> {
      await live.observe()
      const { uuid } = await instanceNamed(database.db, actor, projectId, name)
      return disksOf(database.db, uuid)
    },

    /** @throws Failure `not-found` (subject `instance` or `disk`). */
    async view(actor: Actor, projectId: number, name: string, number: number): Promise<Disk> {
      await live.observe()
      const { uuid } = await instanceNamed(database.db, actor, projectId, name)
      return findDisk(database.db, uuid, number)
    },

    /**
     * Adds the next disk.
     * @param read what the caller says of it, once it is known that it may be said
     * @throws Failure `forbidden`, `not-found`, `state`; `conflict` (reason `exists`), `invalid` (reason `disk`: not the
     * next number; or with `fields`: size and image)
     */
    async add(
      actor: Actor,
      projectId: number,
      name: string,
      number: number,
      read: () => DiskFacts,
    ): Promise<Disk> {
      demandManager(actor, projectId)
      await live.observe()
      return database.transaction(async (trx) => {
        const instance = await recorded(trx, actor, projectId, name)
        const present = await disksOf(trx, instance.uuid)
        if (present.some((disk) => disk.number === number))
          throw new Failure('conflict', `There is a disk ${number} already.`, {
            subject: 'disk',
            reason: 'exists',
          })
        const last = present.at(-1)?.number ?? 0
        if (number < 1 || number > last + 1) throw noSuchNumber(number)
        const facts = read()
        const image = await usableImage(trx, projectId, facts.image)
        const size = facts.size ?? image?.megabytes
        if (size === undefined) throw invalidField('size', 'This field is required.')
        demandRoom(size, image)
        const boot = facts.boot ?? present.length === 0
        return write(trx, actor, instance, number, { size, image_uuid: image?.uuid ?? null, boot }, null)
      })
    },

    /** @throws Failure as `add`, and `not-found` (subject `disk`). */
    async change(
      actor: Actor,
      projectId: number,
      name: string,
      number: number,
      read: () => DiskFacts,
    ): Promise<Disk> {
      demandManager(actor, projectId)
      await live.observe()
      return database.transaction(async (trx) => {
        const instance = await recorded(trx, actor, projectId, name)
        const before = await findDisk(trx, instance.uuid, number)
        const facts = read()
        const image = await usableImage(trx, projectId, facts.image)
        const size = facts.size ?? before.size
        demandRoom(size, image)
        const wanted = {
          size,
          image_uuid: facts.image === undefined ? (before.image?.uuid ?? null) : (image?.uuid ?? null),
          boot: facts.boot ?? before.boot,
        }
        return write(trx, actor, instance, number, wanted, before)
      })
    },

    /** @throws Failure `forbidden`, `not-found`, `state`; `conflict` (reason `snapshots`) while it has snapshots. */
    async remove(actor: Actor, projectId: number, name: string, number: number): Promise<void> {
      demandManager(actor, projectId)
      await live.observe()
      await database.transaction(async (trx) => {
        const instance = await recorded(trx, actor, projectId, name)
        const { uuid } = instance
        const before = await findDisk(trx, uuid, number)
        const snapshot = await trx
          .selectFrom('snapshots')
          .select('id')
          .where('instance_uuid', '=', uuid)
          .where('disk', '=', number)
          .limit(1)
          .executeTakeFirst()
        if (snapshot)
          throw new Failure('conflict', 'The disk has snapshots.', { subject: 'disk', reason: 'snapshots' })
        await trx.deleteFrom('disks').where('instance_uuid', '=', uuid).where('number', '=', number).execute()
        await record(trx, actor, { action: 'disks', kind: 'instance', id: uuid, before })
        const detail = logDetail({ disk_id: number })
        await logDone(trx, actor, workOnInstance(instance, 'Delete server disk definition', detail))
      })
    },
  }
}

async function disksOf(query: Query, uuid: string): Promise<Disk[]> {
  const rows = await query
    .selectFrom('disks')
    .leftJoin('images', (join) =>
      join.onRef('images.uuid', '=', 'disks.image_uuid').on('images.deleted', '=', 0),
    )
    .selectAll('disks')
    .select('images.handle')
    .where('disks.instance_uuid', '=', uuid)
    .orderBy('disks.number')
    .execute()
  return rows.map((row) => ({
    number: row.number,
    size: row.size,
    image: row.image_uuid === null ? null : { uuid: row.image_uuid, handle: row.handle },
    boot: row.boot === 1,
    file: row.file,
  }))
}

/** @throws Failure `not-found` (subject `disk`) */
export async function findDisk(query: Query, uuid: string, number: number): Promise<Disk> {
  const found = (await disksOf(query, uuid)).find((disk) => disk.number === number)
  if (!found)
    throw new Failure('not-found', `There is no disk ${number}.`, { subject: 'disk', id: String(number) })
  return found
}

type Usable = { readonly uuid: string; readonly megabytes: number | undefined; readonly minimum: number }

/**
 * Attached to the project, and not taken out of use (danube.md 1.10, 1.12); which others there are is not told.
 * @throws Failure `invalid` (field `image`)
 */
async function usableImage(
  trx: Trx,
  projectId: number,
  handle: string | null | undefined,
): Promise<Usable | null> {
  if (handle === undefined || handle === null) return null
  const unknown = invalidField('image', `Object with name=${handle} does not exist.`)
  const row = await trx
    .selectFrom('images')
    .select('uuid')
    .where('handle', '=', handle)
    .where('deleted', '=', 0)
    .executeTakeFirst()
  if (!row) throw unknown
  const image = await attachedImage(trx, row.uuid, projectId).catch((error) => {
    throw isFailure(error, 'not-found') ? unknown : error
  })
  if (image.withdrawn || image.status === 'deactivated' || image.status === 'killed') throw unknown
  const bytes = image.virtualSize ?? image.size
  const megabytes = bytes === null ? undefined : Math.ceil(bytes / 2 ** 20)
  return { uuid: image.uuid, megabytes, minimum: megabytes ?? 0 }
}

/** @throws Failure `invalid` (field `size`) when the image does not fit into the disk */
function demandRoom(size: number, image: Usable | null): void {
  if (image && size < image.minimum)
    throw invalidField('size', `Cannot define disk size smaller than image size (${image.minimum} MB).`)
}

export function noSuchNumber(number: number | string): Failure {
  return new Failure('invalid', 'Invalid disk_id', { subject: 'disk', id: String(number), reason: 'disk' })
}

function invalidField(field: string, message: string): Failure {
  return new Failure('invalid', message, { subject: 'disk', fields: { [field]: [message] } })
}
