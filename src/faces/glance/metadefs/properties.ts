import { Refusal } from '../failures.ts'
import { type Answer, type Context, noContent, ok, type Route } from '../route.ts'
import { readProperty } from './read.ts'
import { propertiesToWire, propertyToWire } from './wire.ts'

async function list({ parts, actor, param }: Context): Promise<Answer> {
  const properties = await parts.catalogue.metadefs.properties.list(actor, param('namespace'))
  return ok({ properties: propertiesToWire(properties) })
}

async function create(context: Context): Promise<Answer> {
  const { parts, actor, param } = context
  const draft = await readProperty(context)
  const made = await parts.catalogue.metadefs.properties.add(actor, param('namespace'), draft)
  return { status: 201, body: propertyToWire(made) }
}

async function view(context: Context): Promise<Answer> {
  const { parts, actor, param } = context
  const name = await ownName(context)
  return ok(propertyToWire(await parts.catalogue.metadefs.properties.view(actor, param('namespace'), name)))
}

/** The name without what the resource type of the query has before it. @throws Refusal 404 when it has not */
async function ownName({ parts, actor, param, query }: Context): Promise<string> {
  const [name, type] = [param('property'), query.get('resource_type')]
  if (!type) return name
  const { definition } = await parts.catalogue.metadefs.associations.view(actor, param('namespace'), type)
  const prefix = definition.prefix ?? ''
  if (name.startsWith(prefix)) return name.slice(prefix.length)
  throw new Refusal(404, `Property ${name} does not begin with '${prefix}', as those of ${type} do.`)
}

async function change(context: Context): Promise<Answer> {
  const { parts, actor, param } = context
  const [namespace, draft] = [param('namespace'), await readProperty(context)]
  const { properties } = parts.catalogue.metadefs
  return ok(propertyToWire(await properties.change(actor, namespace, param('property'), draft)))
}

async function remove({ parts, actor, param }: Context): Promise<Answer> {
  await parts.catalogue.metadefs.properties.remove(actor, param('namespace'), param('property'))
  return noContent
}

async function clear({ parts, actor, param }: Context): Promise<Answer> {
  await parts.catalogue.metadefs.properties.clear(actor, param('namespace'))
  return noContent
}

export const propertyRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/metadefs/namespaces/:namespace/properties',
    summary: 'The properties of a metadata namespace',
    policy: 'get_metadef_properties',
    repeatable: true,
    handle: list,
  },
  {
    method: 'POST',
    path: '/metadefs/namespaces/:namespace/properties',
    summary: 'Adds a property to a metadata namespace',
    policy: 'add_metadef_property',
    body: 'json',
    handle: create,
  },
  {
    method: 'DELETE',
    path: '/metadefs/namespaces/:namespace/properties',
    summary: 'Deletes the properties of a metadata namespace',
    policy: 'remove_metadef_property',
    handle: clear,
  },
  {
    method: 'GET',
    path: '/metadefs/namespaces/:namespace/properties/:property',
    summary: 'One property of a metadata namespace',
    policy: 'get_metadef_property',
    repeatable: true,
    handle: view,
  },
  {
    method: 'PUT',
    path: '/metadefs/namespaces/:namespace/properties/:property',
    summary: 'Changes a property of a metadata namespace',
    policy: 'modify_metadef_property',
    body: 'json',
    handle: change,
  },
  {
    method: 'DELETE',
    path: '/metadefs/namespaces/:namespace/properties/:property',
    summary: 'Deletes a property of a metadata namespace',
    policy: 'remove_metadef_property',
    handle: remove,
  },
]
