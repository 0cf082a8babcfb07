import { type Answer, type Context, noContent, ok, type Route } from '../route.ts'
import { readAssociation } from './read.ts'
import { associationToWire, resourceTypeToWire } from './wire.ts'

async function listTypes({ parts, actor }: Context): Promise<Answer> {
  const types = await parts.catalogue.metadefs.resourceTypes.list(actor)
  return ok({ resource_types: types.map(resourceTypeToWire) })
}

async function list({ parts, actor, param }: Context): Promise<Answer> {
  const associations = await parts.catalogue.metadefs.associations.list(actor, param('namespace'))
  return ok({ resource_type_associations: associations.map(associationToWire) })
}

async function create(context: Context): Promise<Answer> {
  const { parts, actor, param } = context
  const draft = await readAssociation(context)
  const made = await parts.catalogue.metadefs.associations.add(actor, param('namespace'), draft)
  return { status: 201, body: associationToWire(made) }
}

async function remove({ parts, actor, param }: Context): Promise<Answer> {
  await parts.catalogue.metadefs.associations.remove(actor, param('namespace'), param('type'))
  return noContent
}

export const resourceTypeRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/metadefs/resource_types',
    summary: 'What metadata can be hung on',
    policy: 'list_metadef_resource_types',
    repeatable: true,
    handle: listTypes,
  },
  {
    method: 'GET',
    path: '/metadefs/namespaces/:namespace/resource_types',
    summary: 'The resource types that a metadata namespace is for',
    policy: 'get_metadef_resource_type',
    repeatable: true,
    handle: list,
  },
  {
    method: 'POST',
    path: '/metadefs/namespaces/:namespace/resource_types',
    summary: 'Makes a metadata namespace be for a resource type',
    policy: 'add_metadef_resource_type_association',
    body: 'json',
    handle: create,
  },
  {
    method: 'DELETE',
    path: '/metadefs/namespaces/:namespace/resource_types/:type',
    summary: 'Makes a metadata namespace be for a resource type no more',
    policy: 'remove_metadef_resource_type_association',
    handle: remove,
  },
]
