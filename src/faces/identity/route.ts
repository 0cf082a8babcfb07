import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify'
import type { Caller } from '../../catalogue/people/openstack/caller.ts'
import { actorOf } from '../../catalogue/people/openstack/identity.ts'
import type { Parts } from '../../http/face.ts'
import type { LoginLimit } from '../../http/login-limit.ts'
import { openBody } from '../../http/receive.ts'
import { type Fields, readObject } from './body.ts'
import { answerTo, bodyOf, notFound, Refusal, unauthorized } from './failures.ts'
import { root } from './wire.ts'

/** What of the settings concerns this wire, and what it remembers. */
export type Own = {
  /** Life of a token, in seconds. */
  readonly tokenSeconds: number
  readonly logins: LoginLimit
}

/** One request, with everything a handler needs. */
export type Context = {
  readonly parts: Parts
  readonly own: Own
  readonly request: FastifyRequest
  /** For links. */
  readonly origin: string
  readonly query: URLSearchParams
  /** A segment of the path, decoded; empty where the route has none of this name. */
  param(name: string): string
  /** @throws Refusal 400, 413 */
  json(): Promise<Fields>
  /** Who asks; nobody on open routes. */
  readonly caller: Caller
}

export type Answer = {
  readonly status: number
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
}

export type Route = {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Below `/identity`. */
  readonly path: string
  readonly summary: string
  /** Also without a token. */
  readonly open?: true
  readonly handle: (context: Context) => Promise<Answer> | Answer
}

export const ok = (body: object): Answer => ({ status: 200, body })

declare module 'fastify' {
  interface FastifyRequest {
    openstackCaller: Caller | undefined
  }
}

/** The methods that the router knows; what else there may be is told apart by `unroutable`. */
const everyMethod: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']

/** Registers the routes, and 405 with `Allow` for every other method of the same paths. */
export function register(app: FastifyInstance, parts: Parts, own: Own, routes: readonly Route[]): void {
  // Bodies are read by the handlers, because a refusal must not depend on them.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.decorateRequest('openstackCaller', undefined)
  app.setErrorHandler((error, request, reply) => fail(error, parts, request, reply))

  for (const [path, methods] of Map.groupBy(routes, (route) => route.path)) {
    const allow = allowed(methods)
    const url = `${root}${path}`
    app.route({
      method: everyMethod.filter((method) => !allow.includes(method)) as HTTPMethods[],
      url,
      config: { readsBody: true, hidden: true },
      handler: async () => {
        throw methodNotAllowed(allow)
      },
    })
    for (const { method, summary, open, handle } of methods)
      app.route({
        method,
        url,
        config: { readsBody: true, summary, tags: ['OpenStack Identity'], ...(open ? { open } : {}) },
        onRequest: async (request) => {
          if (!open) await authenticate(parts, request)
        },
        handler: async (request, reply) => {
          const { status, headers, body } = await handle(contextOf(parts, own, request, reply))
          return respond(request, reply, status, headers, body)
        },
      })
  }
}

function allowed(routes: readonly Route[]): string[] {
  return routes.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
}

function methodNotAllowed(allow: readonly string[]): Refusal {
  return new Refusal(405, 'The method is not allowed for the requested URL.', {
    headers: { allow: allow.join(', ') },
  })
}

/** The answer to a request that no route took: an unknown path, or a known one with a method such as PROPFIND. */
export function unroutable(routes: readonly Route[]): (method: string, path: string) => Refusal {
  const known = [...Map.groupBy(routes, (route) => route.path)].map(([path, methods]) => ({
    pattern: new RegExp(`^${root}${path.replace(/:[a-z]+/g, '[^/]+')}/?$`),
    allow: allowed(methods),
  }))
  return (method, path) => {
    const found = everyMethod.includes(method) ? undefined : known.find(({ pattern }) => pattern.test(path))
    return found ? methodNotAllowed(found.allow) : notFound()
  }
}

function contextOf(parts: Parts, own: Own, request: FastifyRequest, reply: FastifyReply): Context {
  const params = request.params as Readonly<Record<string, string>>
  const start = request.url.indexOf('?')
  return {
    parts,
    own,
    request,
    origin: parts.origin(request),
    query: new URLSearchParams(start < 0 ? '' : request.url.slice(start + 1)),
    param: (name) => params[name] ?? '',
    json: () => readObject(request, () => openBody(request, reply)),
    caller: request.openstackCaller!,
  }
}

/** By `X-Auth-Token`. @throws Refusal 401 */
async function authenticate({ catalogue }: Parts, request: FastifyRequest): Promise<void> {
  const text = headerOf(request, 'x-auth-token')
  if (text === '') throw unauthorized()
  const token = await catalogue.openstack.tokenOf(text)
  request.openstackCaller = { token, requestId: request.id }
  request.actor = actorOf(token.identity, 'identity', request.id)
}

/** Trimmed; empty where there is none. */
export function headerOf(request: FastifyRequest, name: string): string {
  const value = request.headers[name]
  return (Array.isArray(value) ? value.join(',') : (value ?? '')).trim()
}

/** As bytes, because Fastify would add a charset to the media type of text. */
function respond(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body?: object,
): FastifyReply {
  reply.code(status).headers({ vary: 'X-Auth-Token', 'x-openstack-request-id': request.id, ...headers })
  if (body === undefined) return reply.send()
  return reply.header('content-type', 'application/json').send(Buffer.from(JSON.stringify(body)))
}

export function send(
  refusal: Refusal,
  parts: Parts,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (refusal.status === 401)
    reply.header('www-authenticate', `Keystone uri="${parts.origin(request)}${root}"`)
  return respond(request, reply, refusal.status, refusal.headers, bodyOf(refusal))
}

function fail(error: unknown, parts: Parts, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { statusCode, message } = error as { statusCode?: number; message: string }
  let refusal = answerTo(error)
  // What the HTTP library itself refuses.
  if (!refusal && statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    refusal = new Refusal(statusCode, message)
  if (!refusal) {
    request.log.error({ err: error }, 'a request failed unexpectedly')
    refusal = new Refusal(500, 'An unexpected error occurred.')
  }
  return send(refusal, parts, request, reply)
}
