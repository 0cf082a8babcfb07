import { resources } from './apidoc/resources/index.ts'
import { en } from './apidoc/texts/en.ts'
import { scopeOf } from './context.ts'
import { type Answer, type Context, foremanVersion, ok, type Route } from './route.ts'

/** The small endpoints about the server itself (foreman.md 8.4). */
export const serverRoutes: readonly Route[] = [
  {
    resource: 'home',
    action: 'index',
    method: 'GET',
    path: '',
    handle: async () => ok({ links: links() }),
  },
  { resource: 'home', action: 'status', method: 'GET', path: '/status', handle: status },
  { resource: 'ping', action: 'ping', method: 'GET', path: '/ping', open: true, handle: ping },
  { resource: 'ping', action: 'statuses', method: 'GET', path: '/statuses', handle: statuses },
]

/** What there is, by the titles of the documentation. */
function links(): object {
  return Object.fromEntries(
    resources
      .filter(({ methods }) => methods.length > 0)
      .map(({ id, methods }) => [
        id,
        Object.fromEntries(methods.flatMap(({ apis }) => apis.map(({ title, path }) => [en[title], path]))),
      ]),
  )
}

async function status(): Promise<Answer> {
  return ok({ result: 'ok', status: 200, version: foremanVersion, api_version: 2 })
}

async function ping(context: Context): Promise<Answer> {
  return ok({ results: { foreman: { database: await databaseState(context) } } })
}

async function statuses(context: Context): Promise<Answer> {
  const { actor, parts, place } = context
  const database = await databaseState(context)
  const resources = await parts.catalogue.computeResources.list(actor, {
    context: scopeOf(place),
    order: [{ field: 'name' }, { field: 'id' }],
  })
  return ok({
    results: {
      foreman: {
        version: foremanVersion,
        api: { version: 'v2' },
        plugins: [],
        smart_proxies: [],
        compute_resources: await Promise.all(resources.map((one) => resourceState(context, one))),
        database,
      },
    },
  })
}

type Resource = { readonly id: number; readonly name: string }

/**
 * Whether it answers, and how fast. What it offers is not asked for: that may be a hundred thousand images, and this is
 * what monitoring calls.
 */
async function resourceState({ actor, parts, place }: Context, { id, name }: Resource): Promise<object> {
  const { duration_ms, trouble } = await timed(() =>
    parts.catalogue.computeResources.list(actor, {
      context: scopeOf(place),
      filter: { field: 'id', is: 'eq', value: id },
    }),
  )
  const errors = trouble === null ? [] : [trouble instanceof Error ? trouble.message : String(trouble)]
  return { name, status: errors.length === 0 ? 'OK' : 'FAIL', duration_ms, errors }
}

async function databaseState({ parts }: Context): Promise<object> {
  const database = parts.catalogue.statistics.parts().find(({ name }) => name === 'database')
  const { duration_ms, trouble } = await timed(async () => database?.check())
  return { active: trouble === null, duration_ms }
}

/** Whole milliseconds, as text. */
async function timed(work: () => Promise<unknown>): Promise<{ duration_ms: string; trouble: unknown }> {
  const started = performance.now()
  let trouble: unknown = null
  try {
    await work()
  } catch (error) {
    trouble = error
  }
  return { duration_ms: String(Math.round(performance.now() - started)), trouble }
}
