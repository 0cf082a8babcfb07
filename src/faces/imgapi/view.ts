import { createHash } from 'node:crypto'
import type { Actor } from '../../catalogue/actor.ts'
import type { Image } from '../../catalogue/images/image.ts'
import { manifestOf, type ServedManifest } from '../../catalogue/manifests/write.ts'
import { channelsOf } from '../../catalogue/publications/channels.ts'
import type { Extras } from '../../catalogue/publications/extras.ts'
import { namedAccount, viewpoint } from './accounts.ts'
import { imageNotFound, Refusal, unauthorized } from './failures.ts'
import { requestedChannels } from './requested-channels.ts'
import { type Answer, type Context, headerOf } from './route.ts'

/** What of a request decides what is seen, and how. */
export type Viewer = Pick<Context, 'parts' | 'repository' | 'caller' | 'actor' | 'query' | 'version' | 'uuid'>

/** Manifests as this caller sees them, in the order of the images. @throws Refusal 401 */
export async function manifestsOf(
  context: Viewer,
  images: readonly Image[],
): Promise<readonly ServedManifest[]> {
  const extras = await context.parts.catalogue.publicationViews.extras(images)
  const view = await viewOf(context, images)
  return images.map((image) => view(image, extras(image)))
}

/** How this caller sees these images, as they are or as a change made them. @throws Refusal 401 */
export async function viewOf(
  context: Viewer,
  images: readonly Image[],
): Promise<(image: Image, extras: Extras) => ServedManifest> {
  const admin = context.query.flag('inclAdminFields') === true
  if (admin && context.caller.account === null) throw unauthorized('inclAdminFields takes credentials.')
  const { bytes } = context.parts.catalogue
  const stores = admin ? await bytes.storesOf(images) : new Map<string, readonly string[]>()
  return (image, extras) => {
    const manifest = shown(context, image, extras)
    const [stor] = stores.get(image.uuid) ?? []
    if (stor === undefined || !manifest.files) return manifest
    return { ...manifest, files: manifest.files.map((file) => ({ ...file, stor })) }
  }
}

/** Callers without credentials learn neither whose an image is nor who may use it (danube.md 7.1, public mode). */
function shown({ caller, version, repository }: Viewer, image: Image, { acl, icon }: Extras): ServedManifest {
  const isKnown = caller.account !== null
  return manifestOf(image, {
    owner: isKnown ? 'true' : 'zero',
    acl: isKnown ? acl : [],
    icon,
    channels: version === 2 && repository.channels.length > 0 ? channelsOf(image, repository.channels) : null,
    publicMode: !isKnown,
  })
}

/** SHA-1 of the compact JSON, without quotes, as this wire has it. */
export function etagOf(manifest: ServedManifest): string {
  return createHash('sha1').update(JSON.stringify(manifest)).digest('hex')
}

/** The image in the path, as far as the caller sees it. @throws Refusal 404, 422 */
export async function visibleImage(context: Viewer, actor?: Actor): Promise<Image> {
  const { uuid, parts, repository } = context
  const channels = requestedChannels(context)
  const image = await parts.catalogue.publicationViews.view(actor ?? (await viewpoint(context)), uuid)
  if (channels && !channelsOf(image, repository.channels).some((name) => channels.includes(name)))
    throw imageNotFound(uuid)
  return image
}

/**
 * The image in the path, for a change: visible to the named account and its own (danube.md 7.3), and the one that
 * the caller thinks it is. What else is allowed the catalogue decides. @throws Refusal 404, 412, 422
 */
export async function ownImage(context: Context): Promise<Image> {
  const image = await visibleImage(context)
  const account = await namedAccount(context)
  if (account && image.ownerId !== account.id)
    throw new Refusal('NotImageOwner', `account "${account.uuid}" is not the owner of image "${image.uuid}"`)
  if (headerOf(context.request, 'if-match') !== undefined) {
    const [manifest] = await manifestsOf(context, [image])
    demandMatch(context, etagOf(manifest!))
  }
  return image
}

/** The manifest as it is now: the answer to every successful write. */
export async function currentManifest(context: Context): Promise<Answer> {
  const { parts, actor, uuid } = context
  return manifestAnswer(context, await parts.catalogue.images.view(actor, uuid))
}

export async function manifestAnswer(context: Context, image: Image): Promise<Answer> {
  const [manifest] = await manifestsOf(context, [image])
  return { body: manifest, headers: { etag: etagOf(manifest!) } }
}

/** @throws Refusal 412 */
export function demandMatch({ request }: Context, etag: string): void {
  const wanted = headerOf(request, 'if-match')
  if (wanted === undefined || isAmong(wanted, etag)) return
  throw new Refusal('PreconditionFailed', `if-match '${wanted}' didn't match etag '${etag}'`)
}

/** 304 for a caller that knows this already; true when that is the answer. */
export function isKnown({ request }: Context, etag: string): boolean {
  const known = headerOf(request, 'if-none-match')
  return known !== undefined && isAmong(known, etag)
}

function isAmong(list: string, etag: string): boolean {
  if (list.trim() === '*') return true
  return list.split(',').some(
    (tag) =>
      tag
        .trim()
        .replace(/^W\//, '')
        .replace(/^"(.*)"$/, '$1') === etag,
  )
}
