import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify'
import { isFailure } from '../catalogue/failure.ts'
import { newRequestId, watchConnections } from './connections.ts'
import type { Face, Parts } from './face.ts'
import { observe, type RequestObserver } from './observe.ts'
import { collectRoutes } from './openapi.ts'
import { originOf } from './origin.ts'
import { limitRate } from './rate-limit.ts'
import { receiveBodies } from './receive.ts'

export type ServerOptions = {
  /** A pino logger; one line per request. */
  readonly logger: FastifyBaseLogger
  /** Addresses and CIDRs of proxies whose forwarding headers count. */
  readonly trustedProxies: readonly string[]
  readonly publicUrl: string | null
  /** Seconds without a byte in either direction before a transfer is given up. */
  readonly idleSeconds: number
  /** Seconds that a client has for the headers of a request. Default 20. */
  readonly headerSeconds?: number
  /** Requests per minute and caller; null or absent: as many as they like. */
  readonly rateLimit?: number | null
  /** Hears of every request, for metrics. */
  readonly observer?: RequestObserver
}

/** The largest body that is no image data. */
const bodyLimit = 1024 * 1024

/** One listener for all faces: request ids, logging, links, and who answers for an unknown path. */
export async function createServer(
  faces: readonly Face[],
  parts: Omit<Parts, 'origin' | 'exhibits'>,
  options: ServerOptions,
): Promise<FastifyInstance> {
  const headersTimeout = (options.headerSeconds ?? 20) * 1000
  const app = Fastify({
    loggerInstance: options.logger,
    // observe.ts writes the one line of a request.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    trustProxy: options.trustedProxies.length > 0 ? [...options.trustedProxies] : false,
    genReqId: newRequestId,
    // Faces decide what a missing slash, a strange escape or an unknown method means.
    // The longest segment is a tag of 255 characters of four bytes each, escaped.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 4096 },
    // No limit on how long a transfer takes, only on how long it may be silent.
    requestTimeout: 0,
    connectionTimeout: options.idleSeconds * 1000,
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    // The limit against slow clients. Node looks after it only now and then, by default every 30 seconds.
    http: { headersTimeout, connectionsCheckingInterval: Math.min(5_000, headersTimeout / 4) },
    // What reaches a stopping server on an open connection is still answered, by its face and with a request id.
    return503OnClosing: false,
    frameworkErrors: (_error, request, reply) => {
      begin(request, reply)
      void answerUnknown(request, reply)
    },
    clientErrorHandler: () => {}, // connections.ts
  })
  tellSlash(app)
  const connections = watchConnections(app.server, options.logger)
  app.addHook('preClose', async () => connections.drain())
  app.decorate('routeTable', collectRoutes(app))
  app.decorateRequest('face', '')
  app.decorateRequest('actor')
  // Before anybody tells the client to send its body.
  if (options.rateLimit) limitRate(app, options.rateLimit)
  // Where nobody answers, nobody looks at the body: a 404 must not turn into a complaint about its type or size.
  app.addHook('preParsing', async (request, reply) => {
    if (!request.is404) return
    await answerUnknown(request, reply)
    return reply as never // settles when the answer is out; the type knows streams only
  })
  receiveBodies(app)

  app.addHook('onRequest', async (request, reply) => begin(request, reply))

  app.setErrorHandler(answerError)
  const all: Parts = {
    ...parts,
    origin: originOf(options.publicUrl),
    exhibits: (question) =>
      Promise.all(faces.flatMap(({ exhibit }) => (exhibit ? [exhibit(all, question)] : []))),
  }
  for (const face of faces)
    await app.register(async (scope) => {
      scope.addHook('onRoute', (route) => {
        route.config = { ...route.config, face: face.name }
      })
      await face.routes(scope, all)
    })

  function begin(request: FastifyRequest, reply: FastifyReply): void {
    request.face = request.routeOptions.config?.face ?? ownerOf(request)?.name ?? ''
    reply.header('x-request-id', request.id)
    observe(request, reply, options.observer)
  }

  function ownerOf(request: FastifyRequest): Face | undefined {
    const path = request.url.split('?', 1)[0]!
    return faces.find((face) => face.owns(path))
  }

  /** Also for paths with broken escapes or an endless segment, about which Fastify asks no hook. */
  async function answerUnknown(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    try {
      const owner = ownerOf(request)
      if (!owner) return void reply.code(404).send({ error: 'Not Found' })
      const answer = await owner.notFound(request, reply)
      if (!reply.sent && answer !== undefined) reply.send(answer)
    } catch (error) {
      answerError(error, request, reply)
    }
  }

  return app
}

/**
 * Tells routes of the same path apart by the slash at its end: one with `constraints: { slash: true }` has it, and one
 * without the constraint has whatever the others leave.
 */
function tellSlash(app: FastifyInstance): void {
  app.addConstraintStrategy({
    name: 'slash',
    storage() {
      // Handlers as the router has them, whose type it does not export to us.
      const handlers = new Map<unknown, never>()
      return {
        get: (wanted) => handlers.get(wanted) ?? null,
        set: (wanted, handler) => void handlers.set(wanted, handler as never),
      }
    },
    deriveConstraint: ({ url = '' }) => url.split('?', 1)[0]!.endsWith('/'),
  })
}

/** For errors that no face words. */
function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const status = statusOf(error)
  if (status >= 500) request.log.error({ err: error }, 'request failed')
  const message = status < 500 && error instanceof Error ? error.message : 'Internal Server Error'
  reply.code(status).send({ error: message })
}

function statusOf(error: unknown): number {
  if (isFailure(error, 'busy')) return 429
  const { statusCode } = error as { statusCode?: unknown }
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 600 ? statusCode : 500
}
