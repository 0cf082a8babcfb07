import type { FastifyInstance } from 'fastify'
import type { Expected } from '../../catalogue/bytes/expected.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { Failure } from '../../catalogue/failure.ts'
import type { Image } from '../../catalogue/images/image.ts'
import { contentDisposition, sendBytes } from '../../http/send.ts'
import { findImage } from './find-image.ts'
import { withOwner } from './images.ts'
import { expectedDigest, idOf, imageImport, read } from './input.ts'
import { announcedBytes, openableBody } from './openable-body.ts'
import { toWireImage, toWireTask } from './shapes.ts'
import type { WireImportStarted } from './wire.ts'

/** Bytes of images: sent to us, fetched by us, and sent by us. */
export async function imageBytesRoutes(app: FastifyInstance, catalogue: Catalogue): Promise<void> {
  await app.register(async (scope) => {
    // The body stays a stream; its limits are those of images, not of requests.
    scope.addContentTypeParser('application/octet-stream', (_request, _body, done) => done(null))

    scope.put('/images/:id/file', { config: { readsBody: true } }, async (request, reply) => {
      if (request.headers['content-type'] === undefined)
        throw new Failure('invalid', 'The bytes of an image have the type application/octet-stream.', {
          reason: 'content-type',
        })
      const expected = expectedOf(read(expectedDigest, request.query))
      const image = await findImage(catalogue, request.actor, idOf(request))
      const body = openableBody(request, reply)
      const done = await catalogue.bytes.receive(request.actor, image.uuid, body, {
        fallback: 'queued',
        announced: announcedBytes(request),
        ...(expected ? { expected } : {}),
      })
      return toWireImage(done)
    })
  })

  app.get('/images/:id/file', async (request, reply) => {
    const image = await findImage(catalogue, request.actor, idOf(request))
    const served = await catalogue.bytes.serve(request.actor, image)
    await sendBytes(
      request,
      reply,
      {
        size: served.size,
        etag: image.digests.sha512 === null ? null : `"${image.digests.sha512}"`,
        lastModified: image.publishedAt === null ? null : new Date(image.publishedAt / 1000),
        read: served.read,
      },
      { headers: { 'content-disposition': contentDisposition(fileNameOf(image)) }, multiple: 'refuse' },
    )
    return reply
  })

  app.post('/imports', async ({ actor, body }, reply): Promise<WireImportStarted> => {
    const { url, md5, sha1, sha256, sha512, ...facts } = read(imageImport, body)
    const expected = expectedOf({ md5, sha1, sha256, sha512 })
    const draft = await withOwner(catalogue, actor, facts)
    const source = { url, fallback: 'killed' as const, ...(expected ? { expected } : {}) }
    const { image, taskId } = await catalogue.imports.fromUrl(actor, draft, source)
    reply.code(202)
    return { image: toWireImage(image), task: toWireTask(await catalogue.tasks.view(actor, taskId)) }
  })
}

function expectedOf(
  given: { readonly [name in Expected['algorithm']]?: string | undefined },
): Expected | undefined {
  const found = Object.entries(given).filter(([, value]) => value !== undefined)
  if (found.length > 1)
    throw new Failure('invalid', 'Only one expected digest can be given.', { reason: 'digests' })
  const [first] = found
  return first && { algorithm: first[0] as Expected['algorithm'], value: first[1]! }
}

function fileNameOf(image: Image): string {
  return `${image.name || image.uuid}${image.diskFormat === null ? '' : `.${image.diskFormat}`}`
}
