import { Failure, isFailure } from '../../catalogue/failure.ts'
import { largestFile } from '../../catalogue/manifests/fields.ts'
import { compressions, oneOf } from '../../catalogue/manifests/manifest.ts'
import type { FileOptions } from '../../catalogue/publications/publications.ts'
import { openBody } from '../../http/receive.ts'
import { sendBytes } from '../../http/send.ts'
import { badParameter, type Code, invalidManifest, Refusal } from './failures.ts'
import type { Answer, Context, Route } from './route.ts'
import { currentManifest, ownImage, visibleImage } from './view.ts'

/** danube.md 7.5: the bytes as they are stored. Their digests are known since they came. */
async function getFile(context: Context): Promise<undefined> {
  const { request, reply, actor, query, parts } = context
  const image = await visibleImage(context)
  const index = query.get('index') ?? '0'
  if (index !== '0') throw new Refusal('ResourceNotFound', `image "${image.uuid}" has no file ${index}`)
  const served = await parts.catalogue.publicationViews.serve(actor, image).catch((error) => {
    if (!isFailure(error, 'state')) throw error
    throw new Refusal(
      'ResourceNotFound',
      image.status === 'deactivated'
        ? `image "${image.uuid}" is disabled and nothing here is made from it: its file is not served`
        : `image "${image.uuid}" has no file`,
    )
  })
  const { md5, sha1 } = image.digests
  const at = image.publishedAt ?? image.createdAt
  // The digest is that of the whole file: beside a part of it, it would only look wrong.
  const isWhole = request.method === 'HEAD' || request.headers.range === undefined
  await sendBytes(
    request,
    reply,
    { size: served.size, etag: sha1, lastModified: new Date(at / 1000), read: served.read },
    {
      headers: {
        'content-type': 'application/octet-stream',
        ...(md5 !== null && isWhole ? { 'content-md5': Buffer.from(md5, 'hex').toString('base64') } : {}),
      },
    },
  )
}

async function putFile(context: Context): Promise<Answer> {
  const { request, reply, actor, parts } = context
  const { uuid } = await ownImage(context)
  const length = request.headers['content-length']
  const announced = length === undefined ? null : Number(length)
  if (announced !== null && announced > largestFile) throw tooBig()
  if (announced === 0 || (announced === null && request.headers['transfer-encoding'] === undefined))
    throw new Refusal('Upload', 'there are no bytes in the request')
  const source = bounded(() => openBody(request, reply).iterator({ destroyOnReturn: false }))
  await worded('Upload', () =>
    parts.catalogue.publications.fill(actor, uuid, source, { ...fileOptions(context), announced }),
  )
  return currentManifest(context)
}

async function putFileFromUrl(context: Context): Promise<Answer> {
  const { actor, parts, reply } = context
  const url = urlOf(await context.json())
  const options = fileOptions(context)
  const { uuid } = await ownImage(context)
  // Nobody waits any more when the client is gone.
  const gone = new AbortController()
  const onClose = () => {
    if (!reply.raw.writableFinished) gone.abort()
  }
  reply.raw.once('close', onClose)
  try {
    await worded('Download', () =>
      parts.catalogue.publications.fillFromUrl(
        actor,
        uuid,
        url,
        (source) => bounded(() => source[Symbol.asyncIterator]()),
        { ...options, signal: gone.signal },
      ),
    )
  } finally {
    reply.raw.off('close', onClose)
  }
  return currentManifest(context)
}

/** @throws Refusal 422 */
function urlOf(body: unknown): string {
  const url: unknown = (body as { file_url?: unknown } | null | undefined)?.file_url
  if (typeof url !== 'string') throw badParameter('file_url', 'is missing', 'MissingParameter')
  if (!/^https:\/\//i.test(url) || !URL.canParse(url)) throw badParameter('file_url', 'must be an https URL')
  return url
}

/** What the query tells of the bytes. @throws Refusal 422, 503 */
function fileOptions({ query }: Context): FileOptions {
  const compression = query.get('compression')
  if (compression === undefined)
    throw invalidManifest([{ field: 'compression', code: 'MissingParameter', message: 'is missing' }])
  if (!oneOf(compressions, compression))
    throw badParameter('compression', `must be one of ${compressions.join(', ')}`)
  const sha1 = query.get('sha1')
  if (sha1 !== undefined && !/^[0-9a-f]{40}$/i.test(sha1))
    throw badParameter('sha1', 'must be 40 hexadecimal digits')
  const guid = query.get('dataset_guid')
  if (guid !== undefined && !/^[\w-]{1,64}$/.test(guid)) throw badParameter('dataset_guid', 'must be a word')
  const storage = query.get('storage')
  // The words of the original: here is one kind of storage, the repository's own.
  if (storage !== undefined && storage !== 'local')
    throw new Refusal('StorageUnsupported', `storage "${storage}" is not supported; "local" is`)
  return {
    facts: { compression, ...(guid === undefined ? {} : { dataset_guid: guid }) },
    ...(sha1 === undefined ? {} : { sha1: sha1.toLowerCase() }),
  }
}

function tooBig(): Refusal {
  return new Refusal('ImageFileTooBig', `the file is larger than ${largestFile} bytes`)
}

/** The bytes, which are some and not too many. Failures, because the store tells them from a sender that went away. */
function bounded(
  open: () => AsyncIterator<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  return {
    async *[Symbol.asyncIterator]() {
      let size = 0
      const opened = open()
      const source = 'next' in opened ? { [Symbol.asyncIterator]: () => opened } : opened
      for await (const chunk of source) {
        size += chunk.length
        if (size > largestFile) throw new Failure('too-large', tooBig().message, { reason: 'image-size' })
        yield chunk
      }
      if (size === 0) throw new Failure('invalid', 'there are no bytes', { reason: 'empty' })
    },
  }
}

/** How the failures of a transfer are called here. */
async function worded(code: Code & ('Upload' | 'Download'), work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!isFailure(error)) throw error
    const { message, detail } = error
    if (error.code === 'too-large' || error.code === 'quota') throw new Refusal('ImageFileTooBig', message)
    if (error.code === 'state') {
      // A second sender while bytes arrive is told so, and may try again.
      const isBusy = detail.status === 'uploading'
      throw new Refusal(isBusy ? code : 'ImageFilesImmutable', message)
    }
    const transfer = ['invalid', 'content', 'interrupted', 'upstream', 'gone'].includes(error.code)
    // Where the address of a download is refused, that is `forbidden` without an image.
    const refused = code === 'Download' && error.code === 'forbidden' && detail.subject !== 'image'
    if (transfer || refused) throw new Refusal(code, message, { cause: error })
    throw error
  }
}

export const fileRoutes: readonly Route[] = [
  { method: 'GET', path: '/images/:uuid/file', open: true, summary: 'The file of an image', handle: getFile },
  { method: 'PUT', path: '/images/:uuid/file', summary: 'Uploads the file of an image', handle: putFile },
  {
    method: 'POST',
    path: '/images/:uuid/file/from-url',
    summary: 'Fetches the file of an image',
    handle: putFileFromUrl,
  },
]
