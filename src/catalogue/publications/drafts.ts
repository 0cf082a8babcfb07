import { demand, demandDirectory, demandIn, permitted } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Core, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import type { ImageDraft } from '../images/draft.ts'
import { forgetDeleted } from '../images/forget.ts'
import type { Image, Visibility } from '../images/image.ts'
import { demandChange } from '../images/images.ts'
import { insertImage } from '../images/insert.ts'
import type { StoredFacts } from '../images/row.ts'
import { demandDescription, tidyTags } from '../images/rules.ts'
import { lockImage, saveImage } from '../images/save.ts'
import { factsOf } from '../manifests/facts.ts'
import { isObject, type Manifest } from '../manifests/manifest.ts'
import { parseInstant } from '../time.ts'
import { dropMembers, enterMembers, hasMembers, memberIds, projectsOf } from './acl.ts'
import { type Extras, extrasOf } from './extras.ts'

/** A new image, as a checked manifest describes it. */
export type Publication = {
  readonly manifest: Manifest
  readonly ownerId: number | null
  /** Of an image that has one already; it keeps its date of publication, too. */
  readonly uuid?: string
}

/** What a checked manifest changes: the whole of it afterwards, and the keys that were written. */
export type Amendment = { readonly manifest: Manifest; readonly changed: readonly string[] }

/** Images described by manifests (danube.md 7.3, 7.7). */
export function publicationDrafts(core: Core) {
  const { database } = core

  return {
    /**
     * A new image without bytes. With a `uuid` it is one that comes from elsewhere, which takes the right to import.
     * @throws Failure `forbidden`, `conflict` (reason `exists`), `invalid` (also reason `account`: of `acl`), `quota`.
     */
    async create(actor: Actor, publication: Publication): Promise<Image> {
      return database.transaction(async (trx) => insertPublication(trx, core, actor, publication))
    },

    /**
     * Changes what `decide` says, decided on the image as it is at that moment.
     * @throws Failure `not-found`, `forbidden`, `invalid` (reason `owner` or `account`: no such project; `fixed`: with
     * `fields` that only the bytes can change), `quota`; whatever `decide` throws.
     */
    async amend(
      actor: Actor,
      uuid: string,
      decide: (image: Image, extras: Extras) => Amendment,
    ): Promise<Image> {
      return database.transaction(async (trx) => {
        const image = await lockImage(trx, core, actor, uuid, 'image.update')
        const extras = (await extrasOf(trx, [image]))(image)
        const { manifest, changed } = decide(image, extras)
        demandRepairs(image, manifest, changed)
        if (changed.includes('acl')) await replaceMembers(trx, actor, image, manifest.acl ?? [])
        const facts = factsOf(manifest, changed, image)
        const change: Partial<StoredFacts> = {
          ...facts,
          ...(facts.tags ? { tags: tidyTags(facts.tags) } : {}),
          ...(changed.includes('owner') ? { ownerId: await ownerNamed(trx, actor, manifest.owner) } : {}),
          ...(await visibilityChange(trx, image, manifest, changed)),
          ...stateChange(actor, image, manifest, changed),
        }
        demandChange(actor, image, change)
        demandDescription({ ...image, ...change })
        return saveImage(trx, core, actor, image, change, 'update')
      })
    },
  }
}

/** The creation itself, for those who have more to do in its transaction. @throws Failure as `create` */
export async function insertPublication(
  trx: Trx,
  core: Core,
  actor: Actor,
  { manifest, ownerId, uuid }: Publication,
): Promise<Image> {
  if (uuid !== undefined) {
    demandIn(actor, 'image.import', ownerId)
    await forgetDeleted(trx, uuid)
  }
  const members = await projectsOf(trx, manifest.acl ?? [])
  const isPublic = manifest.public === true
  const shared = members.some((id) => id !== ownerId)
  const published = manifest.published_at === undefined ? null : parseInstant(manifest.published_at)
  const draft: ImageDraft = {
    ...factsOf(manifest, Object.keys(manifest), { manifest: null, properties: {} }),
    ownerId,
    visibility: isPublic ? 'public' : shared ? 'shared' : 'private',
    withdrawn: manifest.disabled === true,
    ...(uuid === undefined ? {} : { uuid }),
    ...(published === null ? {} : { publishedAt: published }),
  }
  const image = await insertImage(trx, core, actor, draft)
  await enterMembers(trx, actor, image, members)
  return image
}

async function replaceMembers(
  trx: Trx,
  actor: Actor,
  image: Image,
  accounts: readonly string[],
): Promise<void> {
  demand(actor, 'image.share', image, new Set())
  const wanted = await projectsOf(trx, accounts)
  const superfluous = (await memberIds(trx, image)).filter((id) => !wanted.includes(id))
  await dropMembers(trx, actor, image, superfluous)
  await enterMembers(trx, actor, image, wanted)
}

/** Who is not public is private, or shared while there are members; a community stays one. */
async function visibilityChange(
  trx: Trx,
  image: Image,
  manifest: Manifest,
  changed: readonly string[],
): Promise<{ visibility?: Visibility }> {
  if (!changed.includes('public') && !changed.includes('acl')) return {}
  const isPublic = changed.includes('public') ? manifest.public === true : image.visibility === 'public'
  if (isPublic) return { visibility: 'public' }
  if (image.visibility === 'community') return {}
  const shared = image.visibility === 'shared' || (await hasMembers(trx, image))
  return { visibility: shared ? 'shared' : 'private' }
}

/** @throws Failure `forbidden`, `invalid` (reason `owner`) */
async function ownerNamed(trx: Trx, actor: Actor, uuid: string | undefined): Promise<number> {
  demandDirectory(actor)
  const row = await trx
    .selectFrom('projects')
    .select('id')
    .where('uuid', '=', uuid ?? '')
    .executeTakeFirst()
  if (row) return row.id
  throw new Failure('invalid', `There is no account "${uuid}".`, { subject: 'project', reason: 'owner' })
}

/** An operator's `state`: the two between which an image can go back and forth. */
function stateChange(
  actor: Actor,
  image: Image,
  manifest: Manifest,
  changed: readonly string[],
): Partial<StoredFacts> {
  if (!changed.includes('state')) return {}
  if (image.status === 'active' && manifest.state === 'disabled') {
    demand(actor, 'image.deactivate', image, new Set())
    return { status: 'deactivated' }
  }
  if (image.status !== 'deactivated' || manifest.state !== 'active') return {}
  demand(actor, 'image.deactivate', image, new Set())
  return { status: 'active' }
}

/**
 * Operators may repair what the life cycle sets, as far as it can be true: a file is what its bytes are, and what
 * an image is called by everybody stays. @throws Failure `invalid` (reason `fixed`) with `fields`
 */
function demandRepairs(image: Image, manifest: Manifest, changed: readonly string[]): void {
  const fields: Record<string, string[]> = {}
  const file = manifest.files?.[0]
  if (changed.includes('files') && !(file && file.sha1 === image.digests.sha1 && file.size === image.size))
    fields.files = ['The digest and the size of a file are those of its bytes.']
  if (changed.includes('uuid') && manifest.uuid !== image.uuid) fields.uuid = ['An image keeps its uuid.']
  if (changed.includes('error')) fields.error = ['Only a failure itself is recorded.']
  if (changed.includes('state') && !isPossible(image, manifest.state))
    fields.state = ['Only an active image can be disabled, and a disabled one be active again.']
  if (Object.keys(fields).length > 0)
    throw new Failure('invalid', 'This cannot be changed by hand.', {
      subject: 'image',
      reason: 'fixed',
      fields,
    })
}

function isPossible({ status }: Image, state: Manifest['state']): boolean {
  const isPublished = status === 'active' || status === 'deactivated'
  return isPublished && (state === 'active' || state === 'disabled')
}

/** May this actor publish in the project's name? For callers that choose among several. */
export function mayPublish(actor: Actor, projectId: number | null): boolean {
  return permitted(actor, 'image.create', projectId)
}

/** The kept manifest with other facts in it. */
export function withFacts(image: Image, facts: Manifest): Manifest {
  return { ...(isObject(image.manifest) ? (image.manifest as Manifest) : {}), v: 2, ...facts }
}
