import type { NamespaceListing } from '../../../catalogue/metadefs/namespaces.ts'
import { bad } from '../failures.ts'
import { linkTo, type Query } from '../query.ts'
import { type Answer, type Context, noContent, ok, type Route } from '../route.ts'
import { readPaging } from './paging.ts'
import { readNamespace } from './read.ts'
import { associationsToWire, contentsToWire, namespacePath, namespaceToWire, prefixed } from './wire.ts'

const path = '/v2/metadefs/namespaces'
const sortable = { namespace: 'name', created_at: 'created_at', updated_at: 'updated_at' } as const

async function list({ parts, actor, query }: Context): Promise<Answer> {
  const { limit, ...listing } = readListing(query)
  // One more than is shown tells whether there is a next page.
  const most = limit === 0 ? 0 : limit + 1
  const found = await parts.catalogue.metadefs.namespaces.list(actor, { ...listing, limit: most })
  const shown = found.slice(0, limit)
  const kept = query.pairs.filter(([name]) => name !== 'marker')
  const next = [...kept, ['marker', shown.at(-1)?.name ?? ''] as const]
  return ok({
    namespaces: shown.map((namespace) =>
      namespaceToWire(namespace, associationsToWire(namespace.associations)),
    ),
    first: linkTo(path, kept),
    ...(found.length > limit ? { next: linkTo(path, next) } : {}),
    schema: '/v2/schemas/metadefs/namespaces',
  })
}

/** Filters without a value are none. @throws Refusal 400 */
function readListing(query: Query): NamespaceListing {
  const visibility = query.get('visibility') || undefined
  if (visibility !== undefined && visibility !== 'public' && visibility !== 'private')
    throw bad(`Invalid visibility value: ${visibility}`)
  const resourceTypes = query.get('resource_types') || undefined
  return {
    ...readPaging(query, sortable),
    ...(visibility === undefined ? {} : { visibility }),
    ...(resourceTypes === undefined ? {} : { resourceTypes: resourceTypes.split(',') }),
  }
}

async function create(context: Context): Promise<Answer> {
  const { parts, actor, request } = context
  const { draft, contents } = await readNamespace(context)
  const made = await parts.catalogue.metadefs.namespaces.create(actor, draft, contents)
  const { name } = made.namespace
  return {
    status: 201,
    body: namespaceToWire(made.namespace, contentsToWire(name, made.contents)),
    headers: { location: `${parts.origin(request)}${namespacePath(name)}` },
  }
}

async function view({ parts, actor, param, query }: Context): Promise<Answer> {
  const { namespace, contents } = await parts.catalogue.metadefs.namespaces.view(actor, param('namespace'))
  const shown = prefixed(contents, query.get('resource_type') ?? '')
  return ok(namespaceToWire(namespace, contentsToWire(namespace.name, shown)))
}

async function change(context: Context): Promise<Answer> {
  const { parts, actor, param } = context
  // What is in a namespace has paths of its own: here it is checked and left alone.
  const { draft } = await readNamespace(context)
  const namespace = await parts.catalogue.metadefs.namespaces.change(actor, param('namespace'), draft)
  return ok(namespaceToWire(namespace))
}

async function remove({ parts, actor, param }: Context): Promise<Answer> {
  await parts.catalogue.metadefs.namespaces.remove(actor, param('namespace'))
  return noContent
}

export const namespaceRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/metadefs/namespaces',
    summary: 'A page of metadata namespaces',
    policy: 'get_metadef_namespaces',
    repeatable: true,
    handle: list,
  },
  {
    method: 'POST',
    path: '/metadefs/namespaces',
    summary: 'Creates a metadata namespace, with what is in it',
    policy: 'add_metadef_namespace',
    body: 'json',
    handle: create,
  },
  {
    method: 'GET',
    path: '/metadefs/namespaces/:namespace',
    summary: 'One metadata namespace, with what is in it',
    policy: 'get_metadef_namespace',
    repeatable: true,
    handle: view,
  },
  {
    method: 'PUT',
    path: '/metadefs/namespaces/:namespace',
    summary: 'Changes a metadata namespace',
    policy: 'modify_metadef_namespace',
    body: 'json',
    handle: change,
  },
  {
    method: 'DELETE',
    path: '/metadefs/namespaces/:namespace',
    summary: 'Deletes a metadata namespace, with what is in it',
    policy: 'delete_metadef_namespace',
    handle: remove,
  },
]
