import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { prepared, preparedInsert } from '../../database/prepared.ts'
import { demandIn } from '../access.ts'
import type { Actor } from '../actor.ts'
import { record } from '../audit.ts'
import { demandImageQuota } from '../bytes/quota.ts'
import type { Core, Query, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import { now } from '../time.ts'
import { cleanupDate } from './cleanup.ts'
import type { ImageDraft } from './draft.ts'
import { findImage, normaliseUuid } from './find.ts'
import { demandHandle, freeHandle } from './handle.ts'
import type { Image } from './image.ts'
import { type StoredFacts, toRow } from './row.ts'
import { demandDescription, tidyTags } from './rules.ts'
import { auditFacts } from './save.ts'

// A literal: the index holds nothing else, and SQLite compiles anew what compares it with a parameter.
const defaultLocation = prepared((query: Query) =>
  query.selectFrom('locations').select(['id', 'name']).where('is_default', '=', sql.lit(1)),
)

export async function locationNamed(
  query: Query,
  region: string | undefined,
): Promise<{ id: number; name: string } | null> {
  const [found] = await (region === undefined
    ? defaultLocation(query, {})
    : query.selectFrom('locations').select(['id', 'name']).where('name', '=', region).execute())
  if (!found && region !== undefined)
    throw new Failure('invalid', `There is no location "${region}".`, {
      subject: 'location',
      id: region,
      fields: { region: [`"${region}" is not a valid choice.`] },
    })
  return found ?? null
}

/**
 * What a new image would be, once everything has been checked that can be before it is inserted.
 * @throws Failure `invalid` (with `fields`), `forbidden`, `quota`
 */
export async function draftedFacts(
  trx: Trx,
  core: Core,
  actor: Actor,
  draft: ImageDraft,
): Promise<StoredFacts> {
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
    handle: draft.handle ?? '',
    name: draft.name ?? '',
    status: 'queued',
    external: draft.external ?? false,
    visibility: draft.visibility ?? 'private',
    ownerId,
    creatorId: draft.creatorId === undefined ? actor.userId : draft.creatorId,
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
    attached: draft.attached ?? ownerId !== null,
    withdrawn: draft.withdrawn ?? false,
    manifest: draft.manifest ?? null,
    unregistered: false,
    failure: null,
    import: null,
    createdAt: draft.createdAt ?? at,
    updatedAt: draft.updatedAt ?? draft.createdAt ?? at,
    deletedAt: null,
    publishedAt: draft.publishedAt ?? null,
    cleanupAt: null,
  }
  demandDescription(facts)
  await demandImageQuota(trx, core, ownerId)
  return facts
}

const insertRow = preparedInsert((query: Query, row: ReturnType<typeof toRow>) =>
  query
    .insertInto('images')
    .values(row)
    .onConflict((conflict) => conflict.doNothing()),
)

/** Inserts an image as `queued`. Everything has been checked, except what the database itself knows. */
export async function insertImage(trx: Trx, core: Core, actor: Actor, draft: ImageDraft): Promise<Image> {
  const drafted = await draftedFacts(trx, core, actor, draft)
  // What failed keeps its record, but not the name that somebody wants to try again with.
  if (draft.handle !== undefined)
    await trx
      .updateTable('images')
      .set({ handle: sql`'killed-' || seq` })
      .where('handle', '=', draft.handle)
      .where('status', '=', 'killed')
      .execute()
  const { uuid } = drafted
  const handle = draft.handle ?? (await freeHandle(trx, drafted.name))
  const facts: StoredFacts = { ...drafted, handle }
  const row = toRow({ ...facts, cleanupAt: await cleanupDate(trx, core, facts) })
  if ((await insertRow(trx, row)) === 0)
    throw new Failure('conflict', `Image ID ${uuid} already exists!`, {
      subject: 'image',
      id: uuid,
      reason: 'exists',
    })
  const image = (await findImage(trx, uuid))!
  await record(trx, actor, { action: 'create', kind: 'image', id: uuid, after: auditFacts(image) })
  return image
}
