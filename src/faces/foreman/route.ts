import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify'
import type { Actor } from '../../catalogue/actor.ts'
import type { Account } from '../../catalogue/people/users.ts'
import { type Answers, answers } from '../../http/answers.ts'
import { hasBody, mediaType } from '../../http/body.ts'
import type { Parts } from '../../http/face.ts'
import { openBody } from '../../http/receive.ts'
import { resources } from './apidoc/resources/index.ts'
import { en } from './apidoc/texts/en.ts'
import { type AuthParts, authenticate, sessionCookie, toActor } from './auth.ts'
import { readBody } from './body.ts'
import { contextHeaders, contextOf, type PlaceContext } from './context.ts'
import { type About, answerTo, type Refusal, refuse, unsupportedMediaType } from './failures.ts'
import { type Params, parseQuery } from './params.ts'
import { demandForemanPermission, type ForemanPermission } from './permissions.ts'

/** What the answers say of this server (8.3); the Ansible modules compare it as a version. */
export const foremanVersion = '3.12.0'

/** One request, with everything a handler needs. */
export type Context = {
  readonly parts: Parts
  readonly request: FastifyRequest
  /** Of an open route: nobody, unless credentials came along. */
  readonly actor: Actor
  readonly account: Account | null
  /** Query, body and path in one pool; the path wins (3.2). */
  readonly params: Params
  /** The body alone, for attributes that are not wrapped. */
  readonly body: Params
  readonly place: PlaceContext
  /** A segment of the path; empty where the route has none of this name. */
  segment(name: string): string
  /** Who a failure is about, once that is known better than from the path. */
  about(recordId: number): void
}

export type Answer = { readonly status: number; readonly body: object }

export const ok = (body: object): Answer => ({ status: 200, body })
export const created = (body: object): Answer => ({ status: 201, body })

export type Route = {
  /** The resource of the API documentation, such as `compute_resources`. */
  readonly resource: string
  /** The method of the documentation, such as `index`. */
  readonly action: string
  /** `PUT` stands for `PATCH`, too, which is served and not documented. */
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Below `/api`, and below `/api/v2` as well. Parameters as the documentation names them. */
  readonly path: string
  /** Foreman's name of the permission that comes before everything else; none: signed in is enough. */
  readonly permission?: ForemanPermission
  /** Served, but not part of the documentation. */
  readonly undocumented?: true
  /** May be asked without credentials. */
  readonly open?: true
  readonly handle: (context: Context) => Promise<Answer>
}

export type RouteParts = AuthParts & {
  readonly parts: Parts
  /** The checksum of the API documentation, on every answer below `/api` (8.3). */
  readonly checksum: string
}

type Known = {
  readonly login: { readonly account: Account; readonly session: string | null } | null
  readonly refusal: unknown
  readonly contentType: string | undefined
}

declare module 'fastify' {
  interface FastifyRequest {
    foreman: Known
    foremanAbout: About
  }
}

/** Whose lists and shows depend on nothing but the database, the caller and the URL: on no clock, on no other server. */
const repeatable: ReadonlySet<string> = new Set([
  'images',
  'compute_resources',
  'operatingsystems',
  'architectures',
  'organizations',
  'locations',
])

/** Registers the routes at their paths, with and without `v2` and `.json` (section 1). */
export function register(app: FastifyInstance, own: RouteParts, routes: readonly Route[]): void {
  // Bodies are read by `run`: what is malformed is told before anything else, whatever the method.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.decorateRequest('foreman', null as never)
  app.decorateRequest('foremanAbout', null as never)
  app.setErrorHandler(fail)
  const kept = answers(own.parts.catalogue.version)

  for (const route of routes) {
    const about: About = {
      resource: singular(route.resource),
      id: '',
      recordId: null,
      permission: route.permission ?? null,
    }
    const methods: HTTPMethods[] = route.method === 'PUT' ? ['PUT', 'PATCH'] : [route.method]
    for (const url of urlsOf(route.path))
      app.route({
        method: methods,
        url,
        config: {
          readsBody: true,
          summary: titleOf(route),
          tags: ['Foreman'],
          ...(route.open ? { open: true } : {}),
          // One entry of the document for each route, not one for each way to write its path.
          ...(url === `/api${route.path}` ? {} : { hidden: true }),
        },
        onRequest: async (request, reply) => {
          reply.header('apipie-checksum', own.checksum)
          request.foremanAbout = about
          request.foreman = await recognise(request, own, route)
          if (request.foreman.login) request.actor = toActor(request.foreman.login.account, request.id)
        },
        handler: async (request, reply) =>
          answer(request, reply, await run(route, own, kept, request, reply)),
      })
  }
}

const titles: ReadonlyMap<string, string> = new Map(
  resources.flatMap(({ methods }) =>
    methods.flatMap(({ apis }) =>
      apis.map(({ verb, path, title }) => [`${verb} ${path}`, en[title]] as const),
    ),
  ),
)

/** For the OpenAPI document, in the words of Foreman's own documentation. */
function titleOf({ method, path, resource, action }: Route): string {
  return titles.get(`${method} /api${path}`) ?? `${action} (${resource})`
}

/** `/api/x/:id` takes `5.json` as an id, which `segment` undoes; where the path ends in a word it needs a route. */
function urlsOf(path: string): string[] {
  const roots = ['/api', '/api/v2'].map((prefix) => `${prefix}${path}`)
  return /:\w+$/.test(path) ? roots : roots.flatMap((url) => [url, `${url}.json`])
}

export function singular(resource: string): string {
  return resource.replace(/s$/, '')
}

/**
 * Who asks is found out before the body is read, for the rate limit; a refusal waits until the body is known to be
 * JSON (5.3). The content type is kept from the framework, which would refuse strange ones before we can.
 */
async function recognise(request: FastifyRequest, own: RouteParts, route: Route): Promise<Known> {
  const contentType = request.headers['content-type']
  delete request.headers['content-type']
  const nobody = { login: null, refusal: null, contentType }
  if (route.open) return nobody
  try {
    return { ...nobody, login: await authenticate(request, own) }
  } catch (refusal) {
    return { ...nobody, refusal }
  }
}

/** The checks in the order of 5.3; parent, record and parameters are the handler's. */
async function run(
  route: Route,
  own: RouteParts,
  kept: Answers,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Written> {
  const { parts } = own
  const { login, refusal, contentType } = request.foreman
  const path = segmentsOf(request)
  request.foremanAbout = { ...request.foremanAbout, id: path.id ?? '' }
  const body = hasBody(request.headers) ? await readBody(contentType, () => openBody(request, reply)) : {}
  if (refusal !== null) throw refusal
  const actor = request.actor
  if (login?.session) reply.header('set-cookie', sessionCookie(login.session, request.protocol === 'https'))
  if (route.permission) demandForemanPermission(actor, route.permission)
  const params: Params = { ...parseQuery(request.url.split('?')[1] ?? ''), ...body, ...path }
  const place = login === null ? {} : await contextOf(parts.catalogue, actor, params)
  reply.headers({
    foreman_version: foremanVersion,
    foreman_api_version: '2',
    ...contextHeaders(place),
  })
  const { method } = request
  if ((method === 'POST' || method === 'PUT') && mediaType(contentType) !== 'application/json')
    throw unsupportedMediaType(contentType ?? '')
  const context: Context = {
    parts,
    request,
    actor: place.organization ? { ...actor, projectId: place.organization.id } : actor,
    account: login?.account ?? null,
    params,
    body,
    place,
    segment: (name) => path[name] ?? '',
    about(recordId) {
      request.foremanAbout = { ...request.foremanAbout, recordId }
    },
  }
  const { resource, action } = route
  // A body of a GET has parameters, too, and is none of the key.
  if (
    login === null ||
    hasBody(request.headers) ||
    !repeatable.has(resource) ||
    !/^(index|show)$/.test(action)
  )
    return write(await route.handle(context))
  const make = async () => write(await route.handle(context)).text
  return { status: 200, text: await kept.again(login.account, request.url, make) }
}

type Written = { readonly status: number; readonly text: Buffer }

/** As bytes: with a text Node would write the header as UTF-8, too, and its bytes a second time. */
function write({ status, body }: Answer): Written {
  return { status, text: Buffer.from(JSON.stringify(body)) }
}

/** The parameters of the path; a `.json` at the end of the path is its format and no part of the last one. */
function segmentsOf(request: FastifyRequest): Readonly<Record<string, string>> {
  const params = request.params as Readonly<Record<string, string>>
  const last = /:(\w+)$/.exec(request.routeOptions.url ?? '')?.[1]
  if (last === undefined) return params
  return { ...params, [last]: params[last]!.replace(/\.json$/, '') }
}

/** Of bytes that are given again. */
const tags = new WeakMap<Buffer, string>()

function tagOf(text: Buffer): string {
  const tag = tags.get(text) ?? `W/"${createHash('md5').update(text).digest('hex')}"`
  tags.set(text, tag)
  return tag
}

function answer(request: FastifyRequest, reply: FastifyReply, { status, text }: Written): FastifyReply {
  reply.code(status).header('content-type', 'application/json; charset=utf-8')
  if (status !== 200 || (request.method !== 'GET' && request.method !== 'HEAD')) return reply.send(text)
  const tag = tagOf(text)
  reply.headers({ etag: tag, 'cache-control': 'max-age=0, private, must-revalidate' })
  const known = (request.headers['if-none-match'] ?? '').split(',').map((one) => one.trim())
  if (!known.includes(tag) && !known.includes('*')) return reply.send(text)
  return reply.code(304).removeHeader('content-type').send()
}

export function send(reply: FastifyReply, { status, body }: Refusal): FastifyReply {
  reply.code(status)
  if (body === undefined) return reply.send()
  return reply
    .header('content-type', 'application/json; charset=utf-8')
    .send(Buffer.from(JSON.stringify(body)))
}

function fail(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = answerTo(error, request.foremanAbout)
  if (known) return send(reply, known)
  const { statusCode, message } = error as { statusCode?: number; message: string }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return send(reply, refuse(statusCode, message))
  request.log.error({ err: error }, 'a request failed unexpectedly')
  return send(reply, refuse(500, 'Internal Server Error: the server was unable to finish the request.'))
}
