import { isFailure } from '../../catalogue/failure.ts'
import { mediaType } from '../../http/body.ts'
import { openBody } from '../../http/receive.ts'
import { sendBytes } from '../../http/send.ts'
import { headerOf } from './auth.ts'
import { bad, Refusal } from './failures.ts'
import { type Answer, type Context, noContent, type Route } from './route.ts'

/** glance.md section 11. */
async function upload(context: Context): Promise<Answer> {
  const { parts, actor, param, request, reply } = context
  demandData(context)
  const store = storeOf(context)
  await parts.catalogue.bytes.receive(actor, param('image'), dataOf(context), {
    fallback: 'queued',
    announced: announcedSize(context),
    ...(store === undefined ? {} : { store }),
    // A client that waits for it hears only now that its bytes are wanted.
    begun: () => void openBody(request, reply),
  })
  return noContent
}

/** @throws Refusal 415 */
export function demandData({ request }: Context): void {
  if (mediaType(request.headers['content-type']) !== 'application/octet-stream')
    throw new Refusal(415, 'Invalid Content-Type: image data is application/octet-stream.')
}

/** The bytes of a request as they arrive; it stays open for an answer. */
export function dataOf({ request }: Context): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => request.raw.iterator({ destroyOnReturn: false }) }
}

/** Bytes that the sender announces; null: it does not say. @throws Refusal 400 */
export function announcedSize({ request }: Context): number | null {
  const said = headerOf(request, 'x-openstack-image-size')
  const length = request.headers['content-length']
  if (said !== undefined && !/^\d{1,15}$/.test(said.trim()))
    throw bad('Invalid value for the header X-OpenStack-Image-Size: it must be a whole number.')
  const size = said === undefined ? null : Number(said)
  if (size !== null && length !== undefined && Number(length) !== size)
    throw bad(`${size} bytes were announced, ${length} are sent.`)
  return size ?? (length === undefined ? null : Number(length))
}

/** The store that is asked for; a single one is never named (one-catalogue.md section 5). */
export function storeOf({ parts, request }: Context): string | undefined {
  const store = headerOf(request, 'x-image-meta-store')
  return parts.catalogue.stores.several ? store : undefined
}

/** glance.md section 12. */
async function download(context: Context): Promise<Answer> {
  const { parts, actor, param, request, reply } = context
  const prefer = preferredStores(context)
  const image = await parts.catalogue.images.view(actor, param('image'))
  let served: Awaited<ReturnType<typeof parts.catalogue.bytes.serve>>
  try {
    served = await parts.catalogue.bytes.serve(actor, image, { prefer })
  } catch (error) {
    if (!isFailure(error, 'state')) throw error
    if (image.status !== 'deactivated') return noContent
    throw new Refusal(403, 'The requested image has been deactivated. Image data download is forbidden.')
  }
  const { md5, sha512 } = image.digests
  const range = rangeOf(context, served.size)
  await sendBytes(
    request,
    reply,
    { size: served.size, etag: sha512 && `"${sha512}"`, lastModified: null, read: served.read },
    {
      headers: {
        'content-type': 'application/octet-stream',
        // Hex, and of the whole image also beside a part of it.
        ...(md5 === null ? {} : { 'content-md5': md5 }),
      },
      multiple: 'refuse',
      malformed: 'refuse',
      ...(range === undefined ? {} : { range }),
    },
  )
  return undefined
}

/** The older way to ask for a range: the header of answers in a request. @throws Refusal 416 */
function rangeOf({ request }: Context, size: number): string | undefined {
  const content = headerOf(request, 'content-range')
  if (request.headers.range !== undefined || content === undefined) return undefined
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(content.trim())
  const [start, end] = [Number(match?.[1]), Number(match?.[2])]
  const isWithin = match !== null && start <= end && start < size && (match[3] !== '*' || end < size)
  if (!isWithin) throw new Refusal(416, 'Invalid Content-Range header.')
  return `bytes=${start}-${end}`
}

/** Stores to read from, best first. @throws Refusal 400 */
function preferredStores({ parts, query }: Context): readonly string[] {
  const text = query.get('prefer')
  if (text === undefined) return []
  if (!parts.catalogue.stores.several) throw bad('Stores cannot be preferred: this site has one.')
  const stores = text.split(',')
  const known = parts.catalogue.stores.names
  const stranger = stores.find((store) => !known.includes(store))
  if (stranger !== undefined) throw bad(`Store for identifier ${stranger} not found`)
  return stores
}

export const dataRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/images/:image/file',
    summary: 'The bytes of an image',
    policy: 'download_image',
    head: true,
    handle: download,
  },
  {
    method: 'PUT',
    path: '/images/:image/file',
    summary: 'Uploads the bytes of an image',
    policy: 'upload_image',
    body: 'bytes',
    handle: upload,
  },
]
