import { type Answer, type Context, noContent, ok, type Route } from '../route.ts'
import { readObject } from './read.ts'
import { objectToWire } from './wire.ts'

async function list({ parts, actor, param }: Context): Promise<Answer> {
  const namespace = param('namespace')
  const objects = await parts.catalogue.metadefs.objects.list(actor, namespace)
  return ok({
    objects: objects.map((object) => objectToWire(namespace, object)),
    schema: '/v2/schemas/metadefs/objects',
  })
}

async function create(context: Context): Promise<Answer> {
  const { parts, actor, param } = context
  const draft = await readObject(context)
  const made = await parts.catalogue.metadefs.objects.add(actor, param('namespace'), draft)
  return { status: 201, body: objectToWire(param('namespace'), made) }
}

async function view({ parts, actor, param }: Context): Promise<Answer> {
  const object = await parts.catalogue.metadefs.objects.view(actor, param('namespace'), param('object'))
  return ok(objectToWire(param('namespace'), object))
}

async function change(context: Context): Promise<Answer> {
  const { parts, actor, param } = context
  const [namespace, draft] = [param('namespace'), await readObject(context)]
  const object = await parts.catalogue.metadefs.objects.change(actor, namespace, param('object'), draft)
  return ok(objectToWire(namespace, object))
}

async function remove({ parts, actor, param }: Context): Promise<Answer> {
  await parts.catalogue.metadefs.objects.remove(actor, param('namespace'), param('object'))
  return noContent
}

async function clear({ parts, actor, param }: Context): Promise<Answer> {
  await parts.catalogue.metadefs.objects.clear(actor, param('namespace'))
  return noContent
}

export const objectRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/metadefs/namespaces/:namespace/objects',
    summary: 'The objects of a metadata namespace',
    policy: 'get_metadef_objects',
    repeatable: true,
    handle: list,
  },
  {
    method: 'POST',
    path: '/metadefs/namespaces/:namespace/objects',
    summary: 'Adds an object to a metadata namespace',
    policy: 'add_metadef_object',
    body: 'json',
    handle: create,
  },
  {
    method: 'DELETE',
    path: '/metadefs/namespaces/:namespace/objects',
    summary: 'Deletes the objects of a metadata namespace',
    policy: 'delete_metadef_object',
    handle: clear,
  },
  {
    method: 'GET',
    path: '/metadefs/namespaces/:namespace/objects/:object',
    summary: 'One object of a metadata namespace',
    policy: 'get_metadef_object',
    repeatable: true,
    handle: view,
  },
  {
    method: 'PUT',
    path: '/metadefs/namespaces/:namespace/objects/:object',
    summary: 'Changes an object of a metadata namespace',
    policy: 'modify_metadef_object',
    body: 'json',
    handle: change,
  },
  {
    method: 'DELETE',
    path: '/metadefs/namespaces/:namespace/objects/:object',
    summary: 'Deletes an object of a metadata namespace',
    policy: 'delete_metadef_object',
    handle: remove,
  },
]
