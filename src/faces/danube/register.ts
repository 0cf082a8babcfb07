import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify'
import { hasBody } from '../../http/body.ts'
import type { Parts } from '../../http/face.ts'
import { openBody } from '../../http/receive.ts'
import { acceptedIndent } from './accept.ts'
import { type Asked, danubeVersion } from './asked.ts'
import { type AuthParts, actorOf, authenticate, notProvided } from './auth.ts'
import { bodyData, type Data, flag, nothingSaid, queryData } from './data.ts'
import { currentDatacenter, firstDatacenter } from './datacenter-context.ts'
import { answerTo, methodNotAllowed, notAcceptable, refuse } from './failures.ts'
import { describe } from './options.ts'
import { parseOrderBy } from './order-by.ts'
import { type RespondParts, respond, respondRefusal } from './respond.ts'
import { type Answer, bare, type Context, type Route } from './route.ts'
import { areSegments, type Segments } from './segments.ts'

export type RegisterParts = AuthParts & RespondParts & { readonly parts: Parts }

/** Everything that one path has, whatever its parameters are called. */
type Place = { readonly path: string; readonly routes: readonly Route[]; readonly prefixed: boolean }

const prefix = '/dc/:dc'

/**
 * Registers the routes at their paths (danube.md 0.1), and the answers to every other verb there.
 * @returns the answer to what the router does not know: a verb of which it has never heard, or a path
 */
export function register(
  app: FastifyInstance,
  own: RegisterParts,
  routes: readonly Route[],
): (request: FastifyRequest, reply: FastifyReply) => FastifyReply {
  // Bodies are read by `run`: nothing that they may be is refused.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.decorateRequest('danube', null as never)
  app.setErrorHandler((error, request) => fail(error, request))
  const places = placesOf(routes)
  for (const place of places) mount(app, own, place)
  return (request, reply) => {
    const path = request.url.split('?', 1)[0]!
    const place = app.supportedMethods.includes(request.method) ? undefined : placeAt(places, path)
    if (!place) return resourceNotFound(reply)
    const { status, body } = methodNotAllowed(request.method)
    return reply
      .code(status)
      .headers({ 'content-type': 'application/json', es_version: danubeVersion, allow: allowOf(place) })
      .send(Buffer.from(JSON.stringify(body)))
  }
}

function resourceNotFound(reply: FastifyReply): FastifyReply {
  return reply.code(404).header('content-type', 'application/json').send(Buffer.from('Resource not found'))
}

function placesOf(routes: readonly Route[]): Place[] {
  const places = new Map<string, { path: string; routes: Route[]; prefixed: boolean }>()
  const add = (path: string, route: Route, prefixed: boolean) => {
    const shape = path.replace(/:\w+/g, ':')
    const place = places.get(shape) ?? { path, routes: [], prefixed }
    places.set(shape, place)
    place.routes.push(route)
  }
  for (const route of routes) {
    add(route.path, route, false)
    if (route.scope === 'current') add(`${prefix}${route.path}`, route, true)
  }
  return [...places.values()]
}

/** The verbs of a path, as `Allow` lists them. */
function allowOf({ routes }: Place): string {
  const served = ['GET', 'POST', 'PUT', 'DELETE'].filter((verb) =>
    routes.some(({ method }) => method === verb),
  )
  return [...served, ...(served.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ')
}

/** The place that a path means; one that names more of it comes first, as in the router. */
function placeAt(places: readonly Place[], path: string): Place | undefined {
  const matching = places.filter((place) =>
    new RegExp(`^(?:/api)?${place.path.replace(/:\w+/g, '[A-Za-z0-9@.+_-]+')}/?$`).test(path),
  )
  return matching.sort((a, b) => namesOf(a.path).length - namesOf(b.path).length)[0]
}

function mount(app: FastifyInstance, own: RegisterParts, place: Place): void {
  const { path, routes, prefixed } = place
  const allow = allowOf(place)
  const slashed = routes.some((route) => route.slashed)
  const served = new Set(allow.split(', ').filter((method) => method !== 'OPTIONS'))
  const others = app.supportedMethods.filter((method) => !served.has(method))

  for (const root of slashed ? ['/api'] : ['/api', '']) {
    const url = `${root}${path}`
    const at = { url, ...(slashed ? { constraints: { slash: true } } : {}) }
    for (const route of routes)
      app.route({
        ...at,
        method: route.method === 'GET' ? ['GET', 'HEAD'] : route.method,
        config: {
          readsBody: true,
          summary: route.summary,
          tags: ['Danube Cloud'],
          ...(route.open ? { open: true } : {}),
          // One entry of the document for each route, not one for each way to write its path.
          ...(root === '/api' && !prefixed ? {} : { hidden: true }),
        },
        onRequest: (request, reply) =>
          recognise(own, request, reply, { place, route, allow, open: route.open }),
        handler: (request, reply) => run(own, request, reply, place, route),
      })
    app.route({
      ...at,
      method: others as HTTPMethods[],
      config: { readsBody: true, hidden: true },
      onRequest: (request, reply) =>
        recognise(own, request, reply, {
          place,
          route: routes[0]!,
          allow,
          open: routes.every((one) => one.open),
        }),
      handler: async (request) => {
        if (request.method !== 'OPTIONS') throw methodNotAllowed(request.method)
        return respond(request.danube, bare(describe(path, routes)), own)
      },
    })
  }
}

/**
 * What comes before the body, and so before the rate limit: is there such a path at all, can the answer be read, and who
 * asks.
 */
async function recognise(
  own: RegisterParts,
  request: FastifyRequest,
  reply: FastifyReply,
  { place, route, allow, open }: { place: Place; route: Route; allow: string; open: boolean | undefined },
): Promise<FastifyReply | undefined> {
  if (!areSegments(segmentsOf(request, place, route), route.segments)) return resourceNotFound(reply)
  const asked: Asked = {
    request,
    reply,
    contentType: request.headers['content-type'],
    indent: 0,
    caller: null,
    group: route.group,
    datacenter: null,
  }
  // Kept from the framework, which would refuse strange ones before we can.
  delete request.headers['content-type']
  request.danube = asked
  request.actor = actorOf(null, request.id)
  reply.headers({ es_version: danubeVersion, allow })
  const indent = acceptedIndent(request.headers.accept)
  if (indent === null) throw notAcceptable()
  asked.indent = indent
  asked.caller = await authenticate(request, own)
  if (asked.caller === null) {
    if (!open) throw notProvided()
    return undefined
  }
  request.actor = asked.caller.actor
  asked.datacenter = await firstDatacenter(own.catalogue, asked.caller, route.scope)
  return undefined
}

/** The parameters of the path by the names of this route, which another route of the same path may call otherwise. */
function segmentsOf(request: FastifyRequest, { path, prefixed }: Place, route: Route): Segments {
  const params = request.params as Readonly<Record<string, string>>
  const given = namesOf(path).map((name) => params[name] ?? '')
  const own = namesOf(prefixed ? `${prefix}${route.path}` : route.path)
  return Object.fromEntries(own.map((name, i) => [name, given[i]!]))
}

function namesOf(path: string): string[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!)
}

async function run(
  own: RegisterParts,
  request: FastifyRequest,
  reply: FastifyReply,
  place: Place,
  route: Route,
): Promise<FastifyReply> {
  const asked = request.danube
  const { caller } = asked
  const segments = segmentsOf(request, place, route)
  const data = await dataOf(request, reply)
  if (caller && route.scope === 'current') {
    const said = await currentDatacenter(
      own.catalogue,
      caller,
      data,
      place.prefixed ? segments.dc : undefined,
    )
    asked.datacenter = said ?? asked.datacenter
  }
  const answer: Answer = await route.handle(contextOf(own, asked, segments, data))
  return respond(asked, answer, own)
}

async function dataOf(request: FastifyRequest, reply: FastifyReply): Promise<Data> {
  if (request.method === 'GET' || request.method === 'HEAD') return queryData(request.url)
  if (!hasBody(request.headers)) return nothingSaid()
  return bodyData(request.danube.contentType, () => openBody(request, reply))
}

function contextOf(own: RegisterParts, asked: Asked, segments: Segments, data: Data): Context {
  const { request, reply, caller } = asked
  const reading = request.method === 'GET' || request.method === 'HEAD'
  const nobody = actorOf(null, request.id)
  return {
    parts: own.parts,
    request,
    reply,
    account: caller?.account ?? null,
    scheme: caller?.scheme ?? null,
    data,
    get actor() {
      return caller ? { ...caller.actor, projectId: asked.datacenter?.id ?? null } : nobody
    },
    get datacenter() {
      return asked.datacenter ?? { id: 1, name: 'main' }
    },
    enter(datacenter) {
      asked.datacenter = datacenter
    },
    segment: (name) => segments[name] ?? '',
    full: reading && flag(data, 'full'),
    extended: reading && flag(data, 'extended'),
    orderBy: (fields, usual) => parseOrderBy(data.order_by, fields, usual),
  }
}

function fail(error: unknown, request: FastifyRequest): FastifyReply {
  const asked = request.danube
  const known = answerTo(error)
  if (known) return respondRefusal(asked, known)
  const { statusCode, message } = error as { statusCode?: number; message: string }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return respondRefusal(asked, refuse(statusCode, message))
  request.log.error({ err: error }, 'a request failed unexpectedly')
  return respondRefusal(asked, refuse(500, 'Internal Server Error'))
}
