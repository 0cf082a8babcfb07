import { randomUUID } from 'node:crypto'
import { prepared } from '../../database/prepared.ts'
import type { ImageChange } from '../../database/schema.ts'
import { demand, demandIn, imageNotFound, permitted } from '../access.ts'
import type { Actor } from '../actor.ts'
import { difference, record } from '../audit.ts'
import { releaseBlob } from '../bytes/blobs.ts'
import { cleanupDate } from './cleanup.ts'
import type { Core, Query, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import { demandHandle, freeHandle } from './handle.ts'
import type { Image, Status, Visibility } from './image.ts'
import { demandMove } from './image.ts'
import { imageLists, selectImages } from './list.ts'
import { type SelectedImage, type StoredFacts, toImage, toRow } from './row.ts'
import { demandDescription, tidyTags } from './rules.ts'
import { demandImageQuota } from '../bytes/quota.ts'
import { followImage } from '../places/registrations.ts'
import { cancelTasksOf } from '../tasks/tasks.ts'
import { now } from '../time.ts'

/** What a caller may say of an image. Absent keys take their defaults on creation and stay as they are on change. */
export type ImageFacts = {
  readonly name: string
  readonly visibility: Visibility
  readonly diskFormat: string | null
  readonly containerFormat: string | null
  readonly minDisk: number
  readonly minRam: number
  readonly protected: boolean
  readonly hidden: boolean
  readonly tags: readonly string[]
  readonly properties: Readonly<Record<string, string>>
  readonly ownerId: number | null
  /** The name of the location; the default location when it is not said. */
  readonly region: string
  readonly version: string | null
  readonly resize: boolean | null
  readonly deploy: boolean | null
  readonly bound: boolean
}
export type ImagePatch = Partial<ImageFacts>

/** `uuid`, `handle` and the dates are for those who move images here from elsewhere. */
export type ImageDraft = ImagePatch & {
  readonly uuid?: string
  readonly handle?: string
  readonly external?: boolean
  readonly manifest?: unknown
  readonly createdAt?: number
  readonly updatedAt?: number
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Any spelling of a uuid becomes the stored one; null for what is none, which is then simply not found. */
export function normaliseUuid(text: string): string | null {
  const lower = text.toLowerCase()
  return uuidPattern.test(lower) ? lower : null
}

/** One image, joined with its names; undefined when there is no such record. */
export async function findImage(query: Query, uuid: string): Promise<Image | undefined> {
  const normal = normaliseUuid(uuid)
  if (normal === null) return undefined
  const [row] = await byUuid(query, { uuid: normal })
  return row && toImage(row as SelectedImage)
}

const byUuid = prepared((query: Query, { uuid }: { uuid: string }) =>
  selectImages(query).where('images.uuid', '=', uuid),
)

/** The projects an image is shared with, in any member state. */
export async function membersOf(query: Query, image: Image): Promise<ReadonlySet<number>> {
  if (image.visibility !== 'shared') return new Set()
  const rows = await query
    .selectFrom('image_members')
    .select('project_id')
    .where('image_seq', '=', image.seq)
    .execute()
  return new Set(rows.map((row) => row.project_id))
}

/**
 * The image for a change: locked until the transaction ends, and checked for what the actor wants to do.
 * @throws Failure `not-found` (absent, deleted or invisible), `forbidden`.
 */
export async function lockImage(
  trx: Trx,
  core: Core,
  actor: Actor,
  uuid: string,
  permission: Parameters<typeof demand>[1],
): Promise<Image> {
  const normal = normaliseUuid(uuid)
  if (normal === null) throw imageNotFound(uuid)
  if (core.database.engine === 'postgres')
    await trx.selectFrom('images').select('seq').where('uuid', '=', normal).forUpdate().execute()
  const image = await findImage(trx, normal)
  if (!image || image.status === 'deleted') throw imageNotFound(uuid)
  demand(actor, permission, image, await membersOf(trx, image))
  return image
}

/**
 * Writes a changed image: derived columns, registration and audit entry with it. Nothing else updates images.
 * The present status is repeated in the condition, so that of two moves only one can win.
 */
export async function saveImage(
  trx: Trx,
  core: Core,
  actor: Actor,
  before: Image,
  change: Partial<StoredFacts>,
  action: string,
): Promise<Image> {
  if (change.status !== undefined && change.status !== before.status)
    demandMove(before.uuid, before.status, change.status)
  const changed = { ...before, updatedAt: now(), ...change }
  const after = { ...changed, cleanupAt: await cleanupDate(trx, core, changed) }
  const { numUpdatedRows } = await trx
    .updateTable('images')
    .set(changedColumns(toRow(before), toRow(after)))
    .where('seq', '=', before.seq)
    .where('status', '=', before.status)
    .executeTakeFirst()
  if (Number(numUpdatedRows) !== 1)
    throw new Failure('conflict', 'The image was changed by somebody else.', {
      subject: 'image',
      id: before.uuid,
    })
  const image = (await findImage(trx, before.uuid))!
  await followImage(trx, image)
  const sides = difference<object>(auditFacts(before), auditFacts(image))
  await record(trx, actor, { action, kind: 'image', id: before.uuid, ...sides })
  return image
}

/** Only what differs: a column that is written has all its indexes written, whether its value is new or not. */
function changedColumns(before: ImageChange, after: ImageChange): ImageChange {
  return Object.fromEntries(
    Object.entries(after).filter(([column, value]) => before[column as keyof ImageChange] !== value),
  )
}

/** What the audit log shows of an image: its facts, not its joined names or its bookkeeping. */
function auditFacts(image: Image): object {
  const { owner: _owner, instance: _instance, seq: _seq, updatedAt: _updatedAt, ...facts } = image
  return facts
}

async function locationNamed(
  query: Query,
  region: string | undefined,
): Promise<{ id: number; name: string } | null> {
  const locations = query.selectFrom('locations').select(['id', 'name'])
  const found = await (region === undefined
    ? locations.where('is_default', '=', 1)
    : locations.where('name', '=', region)
  ).executeTakeFirst()
  if (!found && region !== undefined)
    throw new Failure('invalid', `There is no location "${region}".`, {
      subject: 'location',
      id: region,
      fields: { region: [`"${region}" is not a valid choice.`] },
    })
  return found ?? null
}

/** Inserts an image as `queued`. Everything has been checked, except what the database itself knows. */
export async function insertImage(trx: Trx, core: Core, actor: Actor, draft: ImageDraft): Promise<Image> {
  const ownerId = draft.ownerId === undefined ? actor.projectId : draft.ownerId
  demandIn(actor, 'image.create', ownerId)
  if (draft.visibility === 'public') demandIn(actor, 'image.publicise', ownerId)
  const uuid = draft.uuid === undefined ? randomUUID() : normaliseUuid(draft.uuid)
  if (uuid === null)
    throw new Failure('invalid', 'The id is not a UUID.', { fields: { id: ['Must be a valid UUID.'] } })
  if (draft.handle !== undefined) demandHandle(draft.handle)
  const location = await locationNamed(trx, draft.region)
  const at = now()
  const facts: StoredFacts = {
    uuid,
    handle: draft.handle ?? (await freeHandle(trx, draft.name ?? '')),
    name: draft.name ?? '',
    status: 'queued',
    external: draft.external ?? false,
    visibility: draft.visibility ?? 'private',
    ownerId,
    creatorId: actor.userId,
    locationId: location?.id ?? null,
    region: location?.name ?? '',
    diskFormat: draft.diskFormat ?? null,
    containerFormat: draft.containerFormat ?? null,
    size: null,
    virtualSize: null,
    digests: { md5: null, sha1: null, sha256: null, sha512: null },
    blobId: null,
    minDisk: draft.minDisk ?? 0,
    minRam: draft.minRam ?? 0,
    protected: draft.protected ?? false,
    hidden: draft.hidden ?? false,
    tags: tidyTags(draft.tags ?? []),
    properties: draft.properties ?? {},
    version: draft.version ?? null,
    resize: draft.resize ?? null,
    deploy: draft.deploy ?? null,
    bound: draft.bound ?? ownerId !== null,
    manifest: draft.manifest ?? null,
    unregistered: false,
    failure: null,
    createdAt: draft.createdAt ?? at,
    updatedAt: draft.updatedAt ?? draft.createdAt ?? at,
    deletedAt: null,
    publishedAt: null,
    cleanupAt: null,
  }
  demandDescription(facts)
  await demandImageQuota(trx, core, ownerId)
  const inserted = await trx
    .insertInto('images')
    .values(toRow({ ...facts, cleanupAt: await cleanupDate(trx, core, facts) }))
    .onConflict((conflict) => conflict.doNothing())
    .returning('seq')
    .executeTakeFirst()
  if (!inserted)
    throw new Failure('conflict', `Image ID ${uuid} already exists!`, {
      subject: 'image',
      id: uuid,
      reason: 'exists',
    })
  const image = (await findImage(trx, uuid))!
  await record(trx, actor, { action: 'create', kind: 'image', id: uuid, after: auditFacts(image) })
  return image
}

export function images(core: Core) {
  const { database } = core

  /** One move of the status, by one who may make it. Where the image already is there, nothing happens. */
  async function move(actor: Actor, uuid: string, from: Status, to: Status, action: string): Promise<Image> {
    return database.transaction(async (trx) => {
      const image = await lockImage(trx, core, actor, uuid, 'image.deactivate')
      if (image.status === to) return image
      if (image.status !== from)
        throw new Failure('state', `Not allowed to ${action} image in status '${image.status}'`, {
          subject: 'image',
          id: uuid,
          status: image.status,
        })
      return saveImage(trx, core, actor, image, { status: to }, action)
    })
  }

  return {
    ...imageLists(core),

    /** @throws Failure `not-found` when absent, deleted or invisible. */
    async view(actor: Actor, uuid: string): Promise<Image> {
      const image = await findImage(database.db, uuid)
      if (!image || image.status === 'deleted') throw imageNotFound(uuid)
      demand(
        actor,
        'image.view',
        image,
        image.visibility === 'shared' ? await membersOf(database.db, image) : new Set(),
      )
      return image
    },

    /** @throws Failure `invalid` (with `fields`), `forbidden`, `conflict` (the uuid or handle exists), `quota`. */
    async create(actor: Actor, draft: ImageDraft): Promise<Image> {
      return database.transaction((trx) => insertImage(trx, core, actor, draft))
    },

    /**
     * Changes what `decide` returns, decided on the image as it is at that moment. An empty patch changes nothing.
     * @throws Failure `not-found`, `forbidden`, `invalid`, `quota`; `state` (reason `format`) for a format that is
     * fixed already; whatever `decide` throws.
     */
    async change(actor: Actor, uuid: string, decide: (image: Image) => ImagePatch): Promise<Image> {
      return database.transaction(async (trx) => {
        const image = await lockImage(trx, core, actor, uuid, 'image.update')
        const { region, ...patch } = decide(image)
        if (Object.keys(patch).length === 0 && region === undefined) return image
        demandChange(actor, image, patch)
        const location = region === undefined ? null : await locationNamed(trx, region)
        const change = {
          ...patch,
          ...(patch.tags ? { tags: tidyTags(patch.tags) } : {}),
          ...(location ? { locationId: location.id, region: location.name } : {}),
        }
        demandDescription({ ...image, ...change })
        return saveImage(trx, core, actor, image, change, 'update')
      })
    },

    /** @throws Failure `state` unless the image is active (or deactivated already). */
    deactivate: (actor: Actor, uuid: string) => move(actor, uuid, 'active', 'deactivated', 'deactivate'),

    /** @throws Failure `state` unless the image is deactivated (or active already). */
    reactivate: (actor: Actor, uuid: string) => move(actor, uuid, 'deactivated', 'active', 'reactivate'),

    /**
     * Deletes an image in any status; its record stays, its bytes go with their last reference.
     * @throws Failure `not-found`; `forbidden` (reason `protected` for a protected one).
     */
    async remove(actor: Actor, uuid: string): Promise<void> {
      const freed = await database.transaction(async (trx) => {
        const image = await lockImage(trx, core, actor, uuid, 'image.delete')
        if (image.protected)
          throw new Failure('forbidden', `Image ${image.uuid} is protected and cannot be deleted.`, {
            subject: 'image',
            id: image.uuid,
            reason: 'protected',
          })
        return removeLocked(trx, core, actor, image)
      })
      await freed()
    },
  }
}

/** The deletion itself, for an image that is locked. The returned function frees the bytes after the commit. */
export async function removeLocked(
  trx: Trx,
  core: Core,
  actor: Actor,
  image: Image,
): Promise<() => Promise<void>> {
  const gone = { status: 'deleted' as const, deletedAt: now(), blobId: null, handle: `deleted-${image.seq}` }
  await saveImage(trx, core, actor, image, gone, 'delete')
  await trx.deleteFrom('image_members').where('image_seq', '=', image.seq).execute()
  // A running transfer finds its row gone and gives up its bytes.
  await trx.deleteFrom('transfers').where('image_seq', '=', image.seq).execute()
  await cancelTasksOf(trx, image.uuid)
  return image.blobId === null ? async () => {} : releaseBlob(trx, core, image.blobId)
}

/** What a change may not do whatever its values are. */
function demandChange(actor: Actor, image: Image, patch: Omit<ImagePatch, 'region'>): void {
  if (patch.visibility === 'public' && image.visibility !== 'public')
    demandIn(actor, 'image.publicise', image.ownerId)
  if (
    patch.ownerId !== undefined &&
    patch.ownerId !== image.ownerId &&
    !permitted(actor, 'manage-directory', null)
  )
    throw new Failure('forbidden', "Owner can't be updated by non admin.", {
      subject: 'image',
      reason: 'owner-change',
    })
  const reformatted =
    (patch.diskFormat !== undefined && patch.diskFormat !== image.diskFormat) ||
    (patch.containerFormat !== undefined && patch.containerFormat !== image.containerFormat)
  if (reformatted && image.status !== 'queued' && image.status !== 'importing')
    throw new Failure('state', 'The format of an image can only be replaced while it is queued.', {
      subject: 'image',
      id: image.uuid,
      reason: 'format',
      status: image.status,
    })
}
