import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify'
import type { Actor } from '../../catalogue/actor.ts'
import { isFailure } from '../../catalogue/failure.ts'
import { uuidPattern } from '../../catalogue/manifests/manifest.ts'
import type { Parts } from '../../http/face.ts'
import { openBody } from '../../http/receive.ts'
import { type AuthParts, authenticate, type Caller } from './auth.ts'
import { readJson } from './body.ts'
import { answerTo, bodyOf, Refusal, statuses, unauthorized } from './failures.ts'
import { parseQuery, type Query } from './query.ts'
import { negotiated } from './version.ts'

/** What of the settings concerns this wire. */
export type Repository = {
  /** The first is the default; empty: there are none. */
  readonly channels: readonly string[]
}

/** One request, with everything a handler needs. */
export type Context = {
  readonly parts: Parts
  readonly repository: Repository
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly caller: Caller
  readonly actor: Actor
  readonly query: Query
  /** Of the interface, as it was negotiated. */
  readonly version: 1 | 2
  /** The uuid in the path; empty where there is none. */
  readonly uuid: string
  /** @throws Refusal 400 */
  json(): Promise<unknown>
}

/** What a handler returns; undefined where it has sent the answer itself. */
export type Answer =
  | {
      readonly status?: 200 | 204
      readonly body?: unknown
      readonly headers?: Readonly<Record<string, string>>
    }
  | undefined

export type Route = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly summary: string
  /** Also for callers without credentials. */
  readonly open?: true
  readonly handle: (context: Context) => Promise<Answer>
}

declare module 'fastify' {
  interface FastifyRequest {
    imgapi: { readonly caller: Caller; readonly version: 1 | 2 } | undefined
  }
}

/** The methods that the router knows; what else there may be is told apart by `unroutable`. */
const everyMethod: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']

/** Registers the routes, and 405 with `Allow` for every other method of the same paths. */
export function register(
  app: FastifyInstance,
  parts: Parts,
  own: Omit<AuthParts, 'catalogue'> & { readonly repository: Repository },
  routes: readonly Route[],
): void {
  // Bodies are read by the handlers, because a refusal must not depend on them.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.decorateRequest('imgapi', undefined)
  const auth: AuthParts = { catalogue: parts.catalogue, ...own }

  const onRequest = async (request: FastifyRequest) => {
    demandPath(request)
    const version = negotiated(headerOf(request, 'accept-version'), `${request.method} ${request.url}`)
    const caller = await authenticate(request, auth)
    request.imgapi = { caller, version }
    request.actor = caller.actor
  }

  for (const [path, methods] of Map.groupBy(routes, (route) => route.path)) {
    const allow = allowed(methods)
    app.route({
      method: everyMethod.filter((method) => !allow.includes(method)) as HTTPMethods[],
      url: path,
      config: { readsBody: true, hidden: true },
      onRequest: async (request) => demandPath(request),
      handler: async (request) => {
        throw methodNotAllowed(request.method, allow)
      },
    })
    for (const route of methods)
      app.route({
        method: route.method,
        url: path,
        config: { readsBody: true, summary: route.summary, tags: ['IMGAPI'] },
        onRequest: async (request) => {
          await onRequest(request)
          if (!route.open && request.imgapi!.caller.account === null)
            throw unauthorized('This takes credentials: an HTTP signature of the date.')
        },
        handler: async (request, reply) =>
          answer(reply, await route.handle(contextOf(parts, own.repository, request, reply))),
      })
  }
  app.setErrorHandler((error, request, reply) => fail(error, request, reply))
}

export function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

/** "An uuid in the path that does not match the lower-case UUID pattern is a route miss." */
function demandPath(request: FastifyRequest): void {
  const { uuid } = request.params as { uuid?: string }
  if (uuid !== undefined && !uuidPattern.test(uuid)) throw notFound(request.url)
}

function notFound(url: string): Refusal {
  return new Refusal('ResourceNotFound', `${url} does not exist`)
}

function methodNotAllowed(method: string, allow: readonly string[]): Refusal {
  return new Refusal('MethodNotAllowedError', `${method} is not allowed`, {
    headers: { allow: allow.join(', ') },
  })
}

function allowed(routes: readonly Route[]): string[] {
  return routes.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
}

/** The answer to a request that no route took: an unknown path, or a known one with a method such as PROPFIND. */
export function unroutable(routes: readonly Route[]): (method: string, url: string) => Refusal {
  const known = [...Map.groupBy(routes, (route) => route.path)].map(([path, methods]) => ({
    pattern: new RegExp(`^${path.replace(':uuid', '[0-9a-f-]{36}')}/?$`),
    allow: allowed(methods),
  }))
  return (method, url) => {
    const path = url.split('?', 1)[0]!
    const found = everyMethod.includes(method) ? undefined : known.find(({ pattern }) => pattern.test(path))
    return found ? methodNotAllowed(method, found.allow) : notFound(url)
  }
}

function contextOf(
  parts: Parts,
  repository: Repository,
  request: FastifyRequest,
  reply: FastifyReply,
): Context {
  const { caller, version } = request.imgapi!
  return {
    parts,
    repository,
    request,
    reply,
    caller,
    actor: caller.actor,
    query: parseQuery(request.url),
    version,
    uuid: (request.params as { uuid?: string }).uuid ?? '',
    json: () => readJson(request, () => openBody(request, reply)),
  }
}

/** What Danube reads of a manifest; bytes (danube.md 7.8). */
const mostForDanube = 8184

/** Indented by two spaces as people like it, and without any where that would make a manifest too long to be read. */
function jsonOf(body: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(body, null, 2))
  return text.length > mostForDanube ? Buffer.from(JSON.stringify(body)) : text
}

function answer(reply: FastifyReply, given: Answer): FastifyReply {
  return given === undefined ? reply : respond(reply, given.status ?? 200, given.headers, given.body)
}

export function send(reply: FastifyReply, refusal: Refusal): FastifyReply {
  return respond(reply, statuses[refusal.code], refusal.headers, bodyOf(refusal))
}

/** As bytes, because Fastify would add a charset to the media type of text. */
function respond(
  reply: FastifyReply,
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body?: unknown,
): FastifyReply {
  reply.code(status).headers(headers)
  if (body === undefined) return reply.send()
  if (!reply.hasHeader('content-type')) reply.header('content-type', 'application/json')
  return reply.send(Buffer.isBuffer(body) ? body : jsonOf(body))
}

function fail(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  // Bytes outside of what is there are HTTP's own affair, and a code of its own.
  if (isFailure(error, 'range')) {
    const code = 'RequestedRangeNotSatisfiableError'
    return respond(reply, 416, {}, { code, message: error.message })
  }
  const known = answerTo(error)
  if (known) return send(reply, known)
  const { statusCode, message } = error as { statusCode?: number; message: string }
  // What the HTTP library itself refuses.
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return send(reply, new Refusal('BadRequestError', message))
  request.log.error({ err: error }, 'a request failed unexpectedly')
  return send(reply, new Refusal('InternalError', 'an unexpected error occurred'))
}
