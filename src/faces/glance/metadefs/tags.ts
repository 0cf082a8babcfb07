import { limits } from '../../../catalogue/metadefs/entry.ts'
import { headerOf } from '../auth.ts'
import { type Answer, type Context, noContent, ok, type Route } from '../route.ts'
import { readPaging } from './paging.ts'
import { readTag, readTags } from './read.ts'
import { tagToWire } from './wire.ts'

const sortable = { name: 'name', created_at: 'created_at', updated_at: 'updated_at' } as const

async function list({ parts, actor, param, query }: Context): Promise<Answer> {
  const paging = readPaging(query, sortable)
  // Clients that do not ask for a page want all of them.
  const limit = query.get('limit') === undefined ? limits.entries.tag : paging.limit
  const tags = await parts.catalogue.metadefs.tags.list(actor, param('namespace'), { ...paging, limit })
  return ok({ tags: tags.map(({ name }) => ({ name })) })
}

async function createAll(context: Context): Promise<Answer> {
  const { parts, actor, param, request } = context
  const drafts = await readTags(context)
  const append = /^(1|t|true|on|y|yes)$/i.test(headerOf(request, 'x-openstack-append')?.trim() ?? '')
  await parts.catalogue.metadefs.tags.addAll(actor, param('namespace'), drafts, { append })
  return { status: 201, body: { tags: drafts.map(({ name }) => ({ name })) } }
}

async function create({ parts, actor, param }: Context): Promise<Answer> {
  const draft = { name: param('tag'), definition: {} }
  const made = await parts.catalogue.metadefs.tags.add(actor, param('namespace'), draft)
  return { status: 201, body: tagToWire(made) }
}

async function view({ parts, actor, param }: Context): Promise<Answer> {
  return ok(tagToWire(await parts.catalogue.metadefs.tags.view(actor, param('namespace'), param('tag'))))
}

async function rename(context: Context): Promise<Answer> {
  const { parts, actor, param } = context
  const [namespace, draft] = [param('namespace'), await readTag(context)]
  return ok(tagToWire(await parts.catalogue.metadefs.tags.change(actor, namespace, param('tag'), draft)))
}

async function remove({ parts, actor, param }: Context): Promise<Answer> {
  await parts.catalogue.metadefs.tags.remove(actor, param('namespace'), param('tag'))
  return noContent
}

async function clear({ parts, actor, param }: Context): Promise<Answer> {
  await parts.catalogue.metadefs.tags.clear(actor, param('namespace'))
  return noContent
}

export const metadefTagRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/metadefs/namespaces/:namespace/tags',
    summary: 'The tags of a metadata namespace',
    policy: 'get_metadef_tags',
    repeatable: true,
    handle: list,
  },
  {
    method: 'POST',
    path: '/metadefs/namespaces/:namespace/tags',
    summary: 'Gives a metadata namespace other tags, or more',
    policy: 'add_metadef_tags',
    body: 'json',
    handle: createAll,
  },
  {
    method: 'DELETE',
    path: '/metadefs/namespaces/:namespace/tags',
    summary: 'Deletes the tags of a metadata namespace',
    policy: 'delete_metadef_tags',
    handle: clear,
  },
  {
    method: 'GET',
    path: '/metadefs/namespaces/:namespace/tags/:tag',
    summary: 'One tag of a metadata namespace',
    policy: 'get_metadef_tag',
    repeatable: true,
    handle: view,
  },
  {
    method: 'POST',
    path: '/metadefs/namespaces/:namespace/tags/:tag',
    summary: 'Adds a tag to a metadata namespace',
    policy: 'add_metadef_tag',
    handle: create,
  },
  {
    method: 'PUT',
    path: '/metadefs/namespaces/:namespace/tags/:tag',
    summary: 'Renames a tag of a metadata namespace',
    policy: 'modify_metadef_tag',
    body: 'json',
    handle: rename,
  },
  {
    method: 'DELETE',
    path: '/metadefs/namespaces/:namespace/tags/:tag',
    summary: 'Deletes a tag of a metadata namespace',
    policy: 'delete_metadef_tag',
    handle: remove,
  },
]
