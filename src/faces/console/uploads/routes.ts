import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Catalogue } from '../../../catalogue/catalogue.ts'
import type { Upload } from '../../../catalogue/uploads/upload.ts'
import { mediaType } from '../../../http/body.ts'
import { idOf, pageQuery, read } from '../input.ts'
import { announcedBytes, openableBody } from '../openable-body.ts'
import type { WireUpload, WireUploadList } from '../wire-uploads.ts'
import { readMetadata, targetOf } from './metadata.ts'
import {
  bytesType,
  demandVersion,
  describe,
  httpDate,
  refusal,
  tellVersion,
  wholeNumber,
} from './protocol.ts'
import { toWireUpload } from './shapes.ts'

/** What the protocol offers here; told to everybody. */
export async function uploadOptions(app: FastifyInstance, { uploads }: Catalogue): Promise<void> {
  const answer = async (_request: FastifyRequest, reply: FastifyReply) => {
    describe(reply, uploads.maxBytes)
    return reply.code(204).send()
  }
  app.options('/uploads', answer)
  app.options('/uploads/:id', answer)
}

/** Uploads that can be taken up again: as JSON, and the tus protocol (wire-uploads.ts). */
export async function uploadRoutes(app: FastifyInstance, catalogue: Catalogue): Promise<void> {
  const { uploads } = catalogue

  app.get('/uploads', async ({ actor, query }): Promise<WireUploadList> => {
    const found = await uploads.list(actor, read(pageQuery, query))
    return { uploads: found.map(toWireUpload) }
  })

  // HEAD is the protocol's.
  app.get(
    '/uploads/:id',
    { exposeHeadRoute: false },
    async (request): Promise<WireUpload> => toWireUpload(await uploads.view(request.actor, idOf(request))),
  )

  app.post('/uploads/:id/retry', async (request, reply): Promise<WireUpload> => {
    reply.code(202)
    return toWireUpload(await uploads.retry(request.actor, idOf(request)))
  })

  await app.register((scope) => protocolRoutes(scope, catalogue))
}

async function protocolRoutes(app: FastifyInstance, catalogue: Catalogue): Promise<void> {
  const { uploads } = catalogue
  app.removeAllContentTypeParsers()
  // The body stays a stream; its limits are those of uploads, not of requests.
  app.addContentTypeParser(bytesType, (_request, _body, done) => done(null))
  app.addHook('onRequest', async (request, reply) => demandVersion(request, reply))
  app.addHook('onSend', async (_request, reply) => tellVersion(reply, uploads.maxBytes))

  app.post('/uploads', async (request, reply) => {
    const metadata = String(request.headers['upload-metadata'] ?? '')
    if (request.headers['upload-defer-length'] !== undefined)
      throw refusal(400, 'The length of an upload must be known when it begins.')
    const length = wholeNumber(request, 'upload-length')
    const target = await targetOf(catalogue, request.actor, readMetadata(metadata))
    const upload = await uploads.begin(request.actor, { target, length, metadata })
    const { pathname } = new URL(request.url, 'http://localhost')
    reply.header('location', `${pathname.replace(/\/$/, '')}/${upload.id}`)
    return progress(reply, upload).code(201).send()
  })

  app.head('/uploads/:id', look)
  app.patch('/uploads/:id', { config: { readsBody: true } }, append)
  app.delete('/uploads/:id', remove)

  // For those whose way to us knows no such methods.
  const methods: Readonly<Record<string, typeof look>> = { HEAD: look, PATCH: append, DELETE: remove }
  app.post('/uploads/:id', { config: { readsBody: true } }, async (request, reply) => {
    const method = String(request.headers['x-http-method-override'] ?? '')
    const handler = methods[method.toUpperCase()]
    if (!handler) {
      reply.header('allow', Object.keys(methods).join(', '))
      throw refusal(405, 'An upload is changed by PATCH.')
    }
    return handler(request, reply)
  })

  async function look(request: FastifyRequest, reply: FastifyReply) {
    const upload = await uploads.view(request.actor, idOf(request))
    reply.header('upload-length', upload.length).header('cache-control', 'no-store')
    if (upload.metadata !== '') reply.header('upload-metadata', upload.metadata)
    return progress(reply, upload).code(200).send()
  }

  async function append(request: FastifyRequest, reply: FastifyReply) {
    if (mediaType(request.headers['content-type']) !== bytesType)
      throw refusal(415, `The bytes of an upload have the type ${bytesType}.`)
    const offset = wholeNumber(request, 'upload-offset')
    const announced = announcedBytes(request)
    const body = openableBody(request, reply)
    const upload = await uploads.append(request.actor, idOf(request), body, { offset, announced })
    return progress(reply, upload).code(204).send()
  }

  async function remove(request: FastifyRequest, reply: FastifyReply) {
    await uploads.remove(request.actor, idOf(request))
    return reply.code(204).send()
  }
}

/** How far it is, and until when it can be gone on with. */
function progress(reply: FastifyReply, { state, received, expiresAt }: Upload): FastifyReply {
  reply.header('upload-offset', received)
  if (state === 'open') reply.header('upload-expires', httpDate(expiresAt))
  return reply
}
