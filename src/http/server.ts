import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest } from 'fastify'
import type { Face, Parts } from './face.ts'

export type ServerOptions = {
  /** A pino logger; one line per request. */
  readonly logger: FastifyBaseLogger
  /** Addresses and CIDRs of proxies whose forwarding headers count. */
  readonly trustedProxies: readonly string[]
  readonly publicUrl: string | null
  /** Seconds without a byte in either direction before a transfer is given up. */
  readonly idleSeconds: number
  /** Hears of every finished request, for metrics. */
  readonly measured?: (request: FastifyRequest, status: number, seconds: number) => void
}

/** The largest body that is no image data. */
const bodyLimit = 1024 * 1024

/** One listener for all faces: request ids, logging, links, and who answers for an unknown path. */
export async function createServer(
  faces: readonly Face[],
  parts: Omit<Parts, 'origin'>,
  options: ServerOptions,
): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: options.logger,
    disableRequestLogging: true,
    bodyLimit,
    trustProxy: options.trustedProxies.length > 0 ? [...options.trustedProxies] : false,
    genReqId: () => `req-${randomUUID()}`,
    // Faces decide what a missing slash, a strange escape or an unknown method means.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 1024 },
    // No limit on how long a transfer takes, only on how long it may be silent.
    requestTimeout: 0,
    connectionTimeout: options.idleSeconds * 1000,
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
  })
  // The limits against slow clients: headers must arrive in time, and a silent connection is closed.
  app.server.headersTimeout = 20_000
  app.decorateRequest('actor')

  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
  })
  app.addHook('onResponse', async (request, reply) => {
    const seconds = reply.elapsedTime / 1000
    options.measured?.(request, reply.statusCode, seconds)
    request.log.info(
      {
        method: request.method,
        // The query may carry secrets of some wires; the path does not.
        path: request.url.split('?', 1)[0],
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        user: request.actor?.username || undefined,
      },
      'request',
    )
  })

  const origin = (request: FastifyRequest) => options.publicUrl ?? `${request.protocol}://${request.host}`
  for (const face of faces) await app.register((scope) => face.routes(scope, { ...parts, origin }))

  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0]!
    const owner = faces.find((face) => face.owns(path))
    if (owner) return owner.notFound(request, reply)
    return reply.code(404).send({ error: 'Not Found' })
  })
  return app
}
