import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify'
import type { Actor } from '../../catalogue/actor.ts'
import type { OpenstackIdentity } from '../../catalogue/people/openstack/identity.ts'
import { answers } from '../../http/answers.ts'
import type { Parts } from '../../http/face.ts'
import { openBody } from '../../http/receive.ts'
import { authenticate, type Caller, requestIdOf } from './auth.ts'
import { carriesBody, readJson } from './body.ts'
import { answerTo, bad, bodyOf, imageNotFound, notAuthorized, notFound, Refusal } from './failures.ts'
import { parseQuery, type Query } from './query.ts'
import { type Abilities, minorsOf, versionDocument } from './versions.ts'

/** What of the settings concerns this wire. */
export type GlanceOptions = {
  /** Where tokens of an external Keystone are had; null: from the embedded Identity. */
  readonly identityUrl: string | null
  /** IMAGEPORT_LOCATIONS. */
  readonly locations: boolean
  /** There are no tokens at all: no Keystone, and the embedded Identity is off. */
  readonly identityOff?: boolean
}

/** One request, with everything a handler needs. */
export type Context = {
  readonly parts: Parts
  readonly options: GlanceOptions
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly identity: OpenstackIdentity
  readonly actor: Actor
  readonly query: Query
  /** A segment of the path, decoded; empty where the route has none of this name. */
  param(name: string): string
  /** An object or an array. @throws Refusal 400, 413 */
  json(): Promise<object>
}

/** What a handler returns; undefined where it has sent the answer itself. */
export type Answer =
  | {
      readonly status: number
      readonly body?: object
      readonly headers?: Readonly<Record<string, string>>
    }
  | undefined

export type Route = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below `/v2`; the segment `:image` is an image's id. */
  readonly path: string
  readonly summary: string
  /** The policy that its refusals name (glance.md section 22). */
  readonly policy: string
  /** A token without a role does, too. */
  readonly anyToken?: true
  /** A token whose only role is `service` does, too. */
  readonly forServices?: true
  /** `ignored`: one may come and is not read. Where nothing is said there must be none. */
  readonly body?: 'json' | 'bytes' | 'ignored'
  /** The answer is a 200 that depends on nothing but the database, the caller and the URL, and may be given again. */
  readonly repeatable?: true
  /** `HEAD` is answered like `GET`. */
  readonly head?: true
  readonly handle: (context: Context) => Promise<Answer>
}

export const ok = (body: object): Answer => ({ status: 200, body })
export const noContent: Answer = { status: 204 }

declare module 'fastify' {
  interface FastifyRequest {
    glance: Caller | undefined
  }
}

/** The methods that the router knows. */
const everyMethod: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']
const wireMethods: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

export function abilitiesOf({ catalogue }: Parts, { locations }: GlanceOptions): Abilities {
  return { severalStores: catalogue.stores.several, locations }
}

export function identityUrlOf(parts: Parts, options: GlanceOptions, request: FastifyRequest): string {
  return options.identityUrl ?? `${parts.origin(request)}/identity`
}

/** Registers the routes below `/v2` and each `/v2.N`, and 405 with `Allow` for every other method of the same paths. */
export function register(
  app: FastifyInstance,
  parts: Parts,
  options: GlanceOptions,
  routes: readonly Route[],
): void {
  // Bodies are read by the handlers, because a refusal must not depend on them.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.decorateRequest('glance', undefined)
  const kept = answers(parts.catalogue.version)
  const minors = new Set(minorsOf(abilitiesOf(parts, options)).map(String))

  async function onRequest(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { minor } = request.params as { minor?: string }
    if (minor !== undefined && !minors.has(minor)) return sendVersions(reply, parts, options, request, 300)
    reply.header('x-openstack-request-id', requestIdOf(request))
    if (request.method === 'OPTIONS') return reply.code(200).send()
    request.glance = await authenticate(parts.catalogue, request, identityUrlOf(parts, options, request))
    request.actor = request.glance.actor
    // A slash at the end names something that does not exist (glance.md 1.3).
    if (request.url.split('?', 1)[0]!.endsWith('/')) throw notFound()
    return undefined
  }

  async function perform(route: Route, request: FastifyRequest, reply: FastifyReply): Promise<Answer> {
    const context = contextOf(parts, options, request, reply)
    demandRole(route, context)
    return route.handle(context)
  }

  for (const [path, methods] of Map.groupBy(routes, (route) => route.path)) {
    const allow = methods.map(({ method }) => method)
    const taken = methods.flatMap(({ method, head }) => (head ? [method, 'HEAD'] : [method])) as string[]
    for (const prefix of ['/v2', '/v2.:minor']) {
      const hidden = prefix !== '/v2'
      app.route({
        method: everyMethod.filter((method) => !taken.includes(method)) as HTTPMethods[],
        url: `${prefix}${path}`,
        config: { readsBody: true, hidden: true },
        onRequest,
        handler: async () => {
          throw methodNotAllowed(allow)
        },
      })
      for (const route of methods)
        app.route({
          method: route.head ? [route.method, 'HEAD'] : route.method,
          exposeHeadRoute: false,
          url: `${prefix}${path}`,
          config: { readsBody: true, summary: route.summary, tags: ['OpenStack Images'], hidden },
          onRequest,
          errorHandler: (error, request, reply) => fail(error, request, reply, route.policy),
          handler: async (request, reply) => {
            // In front of what is kept: an answer of before must not hide what is wrong with this request.
            demandNoBody(route, request)
            if (!route.repeatable) return answer(reply, await perform(route, request, reply))
            const make = async () => {
              const given = await perform(route, request, reply)
              return Buffer.from(JSON.stringify(given!.body))
            }
            return sendJson(reply, await kept.again(request.glance!.identity, request.url, make))
          },
        })
    }
  }
  app.setErrorHandler((error, request, reply) => fail(error, request, reply, 'this'))
}

/** A token without at least the role `reader` can do nothing, and so sees no image either (glance.md section 22). */
function demandRole({ anyToken, forServices, path, policy }: Route, { identity, param }: Context): void {
  const { roles, superAdmin } = identity
  if (anyToken || superAdmin || roles.has('reader') || (forServices && roles.has('service'))) return
  throw path.includes(':image') ? imageNotFound(param('image')) : notAuthorized(policy)
}

/** @throws Refusal 400 */
function demandNoBody({ body }: Route, { method, headers }: FastifyRequest): void {
  if (body === undefined && carriesBody(method, headers))
    throw bad('A body is not expected with this request.')
}

function methodNotAllowed(allow: readonly string[]): Refusal {
  return new Refusal(405, 'The method is not allowed for this resource.', {
    headers: { allow: allow.join(', ') },
  })
}

function contextOf(
  parts: Parts,
  options: GlanceOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Context {
  const { identity, actor } = request.glance!
  const params = request.params as Readonly<Record<string, string>>
  return {
    parts,
    options,
    request,
    reply,
    identity,
    actor,
    query: parseQuery(request.url),
    param: (name) => params[name] ?? '',
    json: () => readJson(request.method, request.headers, () => openBody(request, reply)),
  }
}

/**
 * The answer to a request that no route took: version documents to everybody, and what is wrong with a path below a
 * version to those who are known (glance.md 1.1, 1.3, section 2).
 */
export async function answerUnrouted(
  parts: Parts,
  options: GlanceOptions,
  routes: readonly Route[],
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const path = request.url.split('?', 1)[0]!
  const version = /^\/v2(?:\.(\d+))?(\/.*)?$/.exec(path)
  const isKnown =
    version &&
    (version[1] === undefined || minorsOf(abilitiesOf(parts, options)).includes(Number(version[1])))
  if (!isKnown) return sendVersions(reply, parts, options, request, 300)
  reply.header('x-openstack-request-id', requestIdOf(request))
  try {
    if (request.method === 'OPTIONS') return reply.code(200).send()
    await authenticate(parts.catalogue, request, identityUrlOf(parts, options, request))
    const below = version[2] ?? ''
    // Clients that look for versions below one find them all the same.
    if (request.method === 'GET' && (below === '' || below === '/'))
      return sendVersions(reply, parts, options, request, 200)
    throw refusalOf(request, below, routes)
  } catch (error) {
    return fail(error, request, reply, 'this')
  }
}

function refusalOf({ method }: FastifyRequest, below: string, routes: readonly Route[]): Refusal {
  try {
    decodeURIComponent(below)
  } catch (error) {
    return bad(
      'Error decoding your request. Either the URL or the request body contains invalid UTF-8.',
      error,
    )
  }
  const known = routes.filter(({ path }) => new RegExp(`^${path.replace(/:[a-z]+/g, '[^/]+')}$`).test(below))
  // A route that has the method did not take it: the router refuses very long segments.
  if (known.some((route) => route.method === method)) return bad('A segment of the path is too long.')
  if (known.length > 0) return methodNotAllowed(known.map((route) => route.method))
  return wireMethods.includes(method) ? notFound() : new Refusal(501, 'The method is not implemented.')
}

export function sendVersions(
  reply: FastifyReply,
  parts: Parts,
  options: GlanceOptions,
  request: FastifyRequest,
  status: 200 | 300,
): FastifyReply {
  const document = versionDocument(parts.origin(request), abilitiesOf(parts, options))
  return sendJson(reply.code(status), Buffer.from(JSON.stringify(document)))
}

function answer(reply: FastifyReply, given: Answer): FastifyReply {
  if (given === undefined) return reply
  reply.code(given.status).headers(given.headers ?? {})
  if (given.body === undefined) return reply.send()
  return sendJson(reply, Buffer.from(JSON.stringify(given.body)))
}

/** As bytes, because Fastify would add a charset to the media type of text. */
function sendJson(reply: FastifyReply, body: Buffer): FastifyReply {
  return reply.header('content-type', 'application/json').send(body)
}

function fail(error: unknown, request: FastifyRequest, reply: FastifyReply, policy: string): FastifyReply {
  const { statusCode, message } = error as { statusCode?: number; message: string }
  let refusal = answerTo(error, policy)
  // What the HTTP library itself refuses.
  if (!refusal && statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    refusal = new Refusal(statusCode, message)
  if (!refusal) {
    request.log.error({ err: error }, 'a request failed unexpectedly')
    refusal = new Refusal(
      500,
      'The server has either erred or is incapable of performing the requested operation.',
    )
  }
  const { type, text } = bodyOf(refusal, request.headers.accept)
  return reply
    .code(refusal.status)
    .headers({ ...refusal.headers, vary: 'Accept', 'content-type': type })
    .send(Buffer.from(text))
}
