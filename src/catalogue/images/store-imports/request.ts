import { storeFor, storeNamed } from '../../bytes/blobs.ts'
import type { Core } from '../../core.ts'
import { Failure, type FailureCode, isFailure } from '../../failure.ts'
import { normaliseUuid } from '../find.ts'
import type { Image } from '../image.ts'
import type { ImportMethod } from '../import-method.ts'

/** Another Glance to fetch from (glance.md 13.4), as the request names it and as the caller's token says where it is. */
export type OtherGlance = {
  readonly region?: unknown
  readonly imageId?: unknown
  /** Of the image service in that region, by the services of the caller's token; null: there is none. */
  readonly endpoint: string | null
  readonly token: string
}

/** What is asked for. Values that are `unknown` are checked where glance.md 13.2 has their turn. */
export type ImportRequest = {
  readonly method: ImportMethod
  /** As it was sent, for those who look at the task. */
  readonly body: unknown
  readonly stores?: readonly string[]
  /** The store that a header of the request names. */
  readonly headerStore?: string
  readonly allStores: boolean
  readonly allStoresMustSucceed: boolean
  /** For `web-download`. */
  readonly url?: unknown
  /** For `glance-download`. */
  readonly other?: OtherGlance
}

/** Does the image take bytes in this way now? @throws Failure `state` */
export function demandFitting(image: Image, method: ImportMethod): void {
  const { status } = image
  if (status === 'active' && method !== 'copy-image')
    throw refusal(image, 'Image with status active cannot be target for import')
  if (method === 'copy-image' && (status !== 'active' || image.blobId === null))
    throw refusal(image, 'Only images with status active can be targeted for copying')
  if ((method === 'web-download' || method === 'glance-download') && status !== 'queued')
    throw refusal(image, `Image needs to be in 'queued' state to use '${method}' method`)
  if (method === 'glance-direct' && (status !== 'uploading' || image.blobId === null))
    throw refusal(image, "Image needs to be staged before 'glance-direct' method can be used")
  if (image.containerFormat === null) throw refusal(image, "'container_format' needs to be set before import")
  if (image.diskFormat === null) throw refusal(image, "'disk_format' needs to be set before import")
}

function refusal(image: Image, message: string): Failure {
  return new Failure('state', message, { subject: 'image', id: image.uuid, status: image.status })
}

/** @throws Failure `invalid` */
export function demandOther({ region, imageId }: OtherGlance): { readonly imageId: string } {
  for (const [name, value] of [
    ['glance_region', region],
    ['glance_image_id', imageId],
  ] as const)
    if (typeof value !== 'string' || value === '')
      throw new Failure('invalid', `'${name}' needs to be set for glance-download import method`, {
        reason: name,
      })
  const uuid = normaliseUuid(String(imageId))
  if (uuid === null)
    throw new Failure('invalid', `Remote image id does not look like a UUID: ${imageId}`, {
      reason: 'glance_image_id',
    })
  return { imageId: uuid }
}

/**
 * Which stores are to be filled. Where there is one store, clients say "all stores" without meaning anything by it.
 * @param held stores that have the bytes already
 * @throws Failure `conflict` (reason `store`: there is none of this name), `invalid`, `forbidden` (reason `read-only`)
 */
export function chosenStores(
  core: Core,
  request: ImportRequest,
  held: ReadonlySet<string>,
): readonly string[] {
  const { all } = core.stores
  const { stores, headerStore, method } = request
  const named = stores ?? (headerStore === undefined ? [] : [headerStore])
  for (const name of named)
    if (!storeNamed(core, name)) throw of('conflict', `Store for identifier ${name} not found`, 'store')
  const everywhere = request.allStores && all.length > 1
  if (everywhere && named.length > 0)
    throw of('invalid', 'All stores were asked for, and some by their names.', 'stores')
  if (stores !== undefined && headerStore !== undefined)
    throw of('invalid', 'Stores are named by the body or by the header, not by both.', 'stores')
  const chosen = everywhere
    ? all.filter(({ readOnly }) => !readOnly).map(({ store }) => store.name)
    : new Set((named.length > 0 ? named : [undefined]).map((name) => storeFor(core, name).name))
  if (method === 'copy-image' && everywhere) return [...chosen].filter((name) => !held.has(name))
  const present = [...chosen].find((name) => held.has(name))
  if (method === 'copy-image' && present !== undefined)
    throw of('invalid', `Image is already present at store '${present}'`, 'present')
  if (all.length < 2 && !request.allStoresMustSucceed)
    throw of('invalid', 'All stores must succeed where there is only one.', 'must-succeed')
  return [...chosen]
}

function of(code: FailureCode, message: string, reason: string): Failure {
  return new Failure(code, message, { subject: 'store', reason })
}

/** What the text of the address alone decides. @throws Failure `invalid` (reason `uri`) */
export function demandFetchable({ remote }: Core, url: unknown): string {
  try {
    if (typeof url === 'string') {
      remote.demandUrl(url)
      return url
    }
  } catch (error) {
    if (!isFailure(error)) throw error
  }
  throw new Failure('invalid', `URI for web-download does not pass filtering: ${inWords(url)}`, {
    reason: 'uri',
  })
}

/** What a body says, for a message: an object can name its own `toString`, and be no text at all. */
export function inWords(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
