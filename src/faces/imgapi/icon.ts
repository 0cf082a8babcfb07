import { createHash } from 'node:crypto'
import { openBody } from '../../http/receive.ts'
import { readAll } from './body.ts'
import { Refusal } from './failures.ts'
import type { Answer, Context, Route } from './route.ts'
import { currentManifest, isKnown, ownImage, visibleImage } from './view.ts'

/** Bytes (danube.md 7.3). */
const largest = 128 * 1024

/** What a picture begins with: one that only claims to be a picture is not shown to anybody. */
const beginnings: ReadonlyMap<string, readonly string[]> = new Map([
  ['image/jpeg', ['ffd8ff']],
  ['image/gif', ['474946383761', '474946383961']],
  ['image/png', ['89504e470d0a1a0a']],
])

async function getIcon(context: Context): Promise<Answer> {
  const image = await visibleImage(context)
  const icon = await context.parts.catalogue.icons.view(image)
  if (!icon) throw new Refusal('ResourceNotFound', `image "${image.uuid}" has no icon`)
  const etag = createHash('sha1').update(icon.content).digest('hex')
  if (isKnown(context, etag)) {
    context.reply.code(304).header('etag', etag).send()
    return undefined
  }
  return {
    body: icon.content,
    headers: {
      'content-type': icon.mediaType,
      'content-md5': createHash('md5').update(icon.content).digest('base64'),
      'x-content-type-options': 'nosniff',
      etag,
    },
  }
}

async function putIcon(context: Context): Promise<Answer> {
  const { request, reply, actor, parts } = context
  const mediaType = (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase()
  const known = beginnings.get(mediaType)
  if (!known)
    throw new Refusal('InvalidHeader', `Content-Type must be one of ${[...beginnings.keys()].join(', ')}`)
  const { uuid } = await ownImage(context)
  const tooMuch = () => new Refusal('ImageFileTooBig', `an icon has at most ${largest} bytes`)
  if (Number(request.headers['content-length'] ?? 0) > largest) throw tooMuch()
  const content = await readAll(() => openBody(request, reply), largest, tooMuch)
  if (content.length === 0) throw new Refusal('Upload', 'there are no bytes in the request')
  const begins = content.subarray(0, 8).toString('hex')
  if (!known.some((beginning) => begins.startsWith(beginning)))
    throw new Refusal('Upload', `the bytes are no ${mediaType}`)
  await parts.catalogue.icons.put(actor, uuid, { mediaType, content })
  return currentManifest(context)
}

async function deleteIcon(context: Context): Promise<Answer> {
  const { uuid } = await ownImage(context)
  await context.parts.catalogue.icons.remove(context.actor, uuid)
  return currentManifest(context)
}

export const iconRoutes: readonly Route[] = [
  { method: 'GET', path: '/images/:uuid/icon', open: true, summary: 'The icon of an image', handle: getIcon },
  { method: 'PUT', path: '/images/:uuid/icon', summary: 'Sets the icon of an image', handle: putIcon },
  { method: 'DELETE', path: '/images/:uuid/icon', summary: 'Removes the icon', handle: deleteIcon },
]
