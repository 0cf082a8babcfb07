import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify'
import type { Actor } from '../../catalogue/actor.ts'
import { answers } from '../../http/answers.ts'
import type { Parts } from '../../http/face.ts'
import { keyGuesses, loginLimit } from '../../http/login-limit.ts'
import { openBody } from '../../http/receive.ts'
import { authenticate, type Caller, type Side } from './auth.ts'
import { readJson, unsupportedType } from './body.ts'
import {
  type Audience,
  answerTo,
  notFound,
  notPermitted,
  type Refusal,
  refuse,
  unexpected,
} from './failures.ts'
import type { Body } from './fields.ts'
import { roleAllows, switchedOff, type WirePermission } from './permissions.ts'
import { parseQuery, type Query } from './query.ts'

/** One request, with everything a handler needs. */
export type Context = {
  readonly parts: Parts
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly caller: Caller
  readonly actor: Actor
  readonly query: Query
  /** Origin and path, for links. */
  readonly place: string
  /** A segment of the path; empty where the route has none of this name. */
  param(name: string): string
  /** The JSON body. @throws Refusal 400, 413, 415. */
  json(): Promise<Body>
}

/** A body and its status; nothing where the handler has sent the answer itself. */
export type Answer = { readonly status: number; readonly body?: object } | undefined

export type Route = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below the prefix of the side. */
  readonly path: string
  /** What it does, for the OpenAPI document. */
  readonly summary: string
  /** Where it is served; both sides unless said. */
  readonly sides?: readonly Side[]
  /** What the caller's role must allow; none: anybody who is signed in. */
  readonly permission?: WirePermission
  /** The answer to a caller without any client, instead of the 403 that it would be. */
  readonly withoutClient?: () => Refusal
  /** The answer where a feature switch, and not the role, forbids it. */
  readonly whenOff?: (audience: Audience) => Refusal
  /** The answer to a fault, where it is not the general one. */
  readonly fault?: (audience: Audience) => Refusal
  /** The answer is a 200 that depends on nothing but the database, the caller and the URL, and may be given again. */
  readonly repeatable?: boolean
  readonly handle: (context: Context) => Promise<Answer>
}

export const ok = (body: object): Answer => ({ status: 200, body })

declare module 'fastify' {
  interface FastifyRequest {
    onecloudplanetCaller: Caller | undefined
  }
}

const prefixes: Readonly<Record<Side, string>> = { user: '/backend/api', staff: '/backend/staffapi' }
/** The methods that the router knows; what else there may be is told apart by `unroutable`. */
const everyMethod: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']

/** Registers the routes on their sides, and 405 with `Allow` for every other method of the same paths. */
export function register(app: FastifyInstance, parts: Parts, routes: readonly Route[]): void {
  // Bodies are read by the handlers, because a refusal must not depend on them.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.decorateRequest('onecloudplanetCaller', undefined)

  const kept = answers(parts.catalogue.version)
  const logins = loginLimit(keyGuesses)

  async function bodyOf(route: Route, request: FastifyRequest, reply: FastifyReply): Promise<Buffer> {
    const given = await run(route, contextOf(parts, request, reply))
    return Buffer.from(JSON.stringify(given!.body))
  }

  for (const [path, { side, methods }] of pathsOf(routes)) {
    const onRequest = async (request: FastifyRequest) => {
      const caller = await authenticate(parts.catalogue, logins, {
        side,
        authorization: request.headers.authorization,
        address: request.ip,
        activeClient: parseQuery(request.url).get('active_client'),
        requestId: request.id,
      })
      request.onecloudplanetCaller = caller
      request.actor = caller.actor
    }
    const allow = allowed(methods)
    app.route({
      method: everyMethod.filter((method) => !allow.includes(method)) as HTTPMethods[],
      url: path,
      config: { readsBody: true, hidden: true },
      onRequest,
      handler: async (request) => {
        throw methodNotAllowed(request.method, allow)
      },
    })
    for (const [method, route] of methods) {
      app.route({
        method,
        url: path,
        config: { readsBody: true, summary: route.summary, tags: ['OneCloudPlanet'] },
        onRequest,
        errorHandler: (error, request, reply) => fail(error, request, reply, route.fault ?? unexpected),
        handler: route.repeatable
          ? async (request, reply) => {
              const { account } = request.onecloudplanetCaller!
              const key = `${parts.origin(request)} ${request.url}`
              return sendJson(reply, await kept.again(account, key, () => bodyOf(route, request, reply)))
            }
          : async (request, reply) => answer(reply, await run(route, contextOf(parts, request, reply))),
      })
    }
  }
  app.setErrorHandler((error, request, reply) => fail(error, request, reply, unexpected))
}

type Path = { readonly side: Side; readonly methods: Map<Route['method'], Route> }

function pathsOf(routes: readonly Route[]): ReadonlyMap<string, Path> {
  const paths = new Map<string, Path>()
  for (const route of routes) {
    for (const side of route.sides ?? (['user', 'staff'] as const)) {
      const path = `${prefixes[side]}${route.path}`
      const entry = paths.get(path) ?? { side, methods: new Map() }
      entry.methods.set(route.method, route)
      paths.set(path, entry)
    }
  }
  return paths
}

function allowed(methods: Path['methods']): string[] {
  return [...methods.keys()].flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
}

/** The answer to a request that no route took: an unknown path, or a known one with a method such as PROPFIND. */
export function unroutable(routes: readonly Route[]): (method: string, path: string) => Refusal {
  const known = [...pathsOf(routes)].map(([path, { methods }]) => ({
    pattern: new RegExp(`^${path.replace(/:[a-z]+/g, '[^/]+')}/?$`),
    allow: allowed(methods),
  }))
  return (method, path) => {
    const found = everyMethod.includes(method) ? undefined : known.find(({ pattern }) => pattern.test(path))
    return found ? methodNotAllowed(method, found.allow) : notFound()
  }
}

function methodNotAllowed(method: string, allow: readonly string[]): Refusal {
  return refuse(405, `Method "${method}" not allowed.`, { allow: allow.join(', ') })
}

function contextOf(parts: Parts, request: FastifyRequest, reply: FastifyReply): Context {
  const params = request.params as Readonly<Record<string, string>>
  return {
    parts,
    request,
    reply,
    caller: request.onecloudplanetCaller!,
    actor: request.actor,
    query: parseQuery(request.url),
    get place() {
      return `${parts.origin(request)}${request.url.split('?', 1)[0]}`
    },
    param: (name) => params[name] ?? '',
    json: () => readJson(request, () => openBody(request, reply)),
  }
}

/** The role comes before everything that looks at an image: an observer's DELETE of a missing image is 403. */
async function run(route: Route, context: Context): Promise<Answer> {
  const { permission } = route
  if (route.withoutClient && context.actor.projectId === null) throw route.withoutClient()
  if (permission !== undefined) {
    if (!roleAllows(context.actor, permission)) throw notPermitted()
    if (switchedOff(context.parts.featuresOff, permission))
      throw (route.whenOff ?? notPermitted)(context.caller)
  }
  return route.handle(context)
}

/** As bytes, because Fastify would add a charset to the media type of text. */
function answer(reply: FastifyReply, given: Answer): FastifyReply {
  if (given === undefined) return reply
  reply.code(given.status)
  if (given.body === undefined) return reply.send()
  return sendJson(reply, Buffer.from(JSON.stringify(given.body)))
}

function sendJson(reply: FastifyReply, body: Buffer): FastifyReply {
  return reply.header('content-type', 'application/json').send(body)
}

export function send(reply: FastifyReply, refusal: Refusal): FastifyReply {
  return answer(reply.headers(refusal.headers), refusal)
}

function fail(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  fault: (audience: Audience) => Refusal,
): FastifyReply {
  const audience = { staff: request.onecloudplanetCaller?.staff ?? false }
  const known = answerTo(error, audience)
  if (known) return send(reply, known)
  const { statusCode, message } = error as { statusCode?: number; message: string }
  // What the HTTP library itself refuses, a media type that is none before anything else.
  if (statusCode === 415) return send(reply, unsupportedType(request))
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return send(reply, refuse(statusCode, message))
  request.log.error({ err: error }, 'a request failed unexpectedly')
  return send(reply, fault(audience))
}
