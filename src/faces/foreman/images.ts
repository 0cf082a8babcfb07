import { type Reader, type Readers, readersOf, readPatch } from './attributes.ts'
import { findComputeResource } from './compute-resources.ts'
import { scopeOf } from './context.ts'
import { firstId } from './crud.ts'
import { notFound, unprocessable } from './failures.ts'
import { listAnswer, showAnswer } from './lists.ts'
import { coerce, leadingId } from './params.ts'
import { type Context, created, ok, type Route } from './route.ts'
import { images as search } from './search/resources.ts'
import { findArchitecture, findSystem } from './systems.ts'
import { imageRecord, imageWire } from './wire.ts'

type Scope = Parameters<Context['parts']['catalogue']['registrations']['count']>[1]
type Patch = Parameters<Context['parts']['catalogue']['registrations']['change']>[3]
type Parent = Scope['parent']

/** The attributes that may stand unwrapped at the top level of a body (foreman.md 3.2). */
const columns = [
  'operatingsystem_id',
  'compute_resource_id',
  'architecture_id',
  'uuid',
  'username',
  'name',
  'iam_role',
  'user_data',
  'password',
] as const

/** The three parents of section 1, and how each is named in a path. */
const parents = [
  { path: '/compute_resources/:compute_resource_id', kind: 'compute-resource', name: 'compute_resource_id' },
  { path: '/operatingsystems/:operatingsystem_id', kind: 'operating-system', name: 'operatingsystem_id' },
  { path: '/architectures/:architecture_id', kind: 'architecture', name: 'architecture_id' },
] as const
type ParentPath = (typeof parents)[number]

export const imageRoutes: readonly Route[] = parents.flatMap((parent) => {
  const resource = 'images'
  const images = `${parent.path}/images`
  const image = `${images}/:id`
  // Writing below the other two parents works as well, and nobody tells of it.
  const writing = { resource, ...(parent.kind === 'compute-resource' ? {} : { undocumented: true as const }) }
  return [
    {
      resource,
      action: 'index',
      method: 'GET',
      path: images,
      permission: 'view_images',
      handle: index(parent),
    },
    { resource, action: 'show', method: 'GET', path: image, permission: 'view_images', handle: show(parent) },
    {
      ...writing,
      action: 'create',
      method: 'POST',
      path: images,
      permission: 'create_images',
      handle: create(parent),
    },
    {
      ...writing,
      action: 'update',
      method: 'PUT',
      path: image,
      permission: 'edit_images',
      handle: update(parent),
    },
    {
      ...writing,
      action: 'destroy',
      method: 'DELETE',
      path: image,
      permission: 'destroy_images',
      handle: destroy(parent),
    },
  ]
})

type Handle = Route['handle']

function index(parent: ParentPath): Handle {
  return async (context) => {
    const { registrations } = context.parts.catalogue
    const scope = await narrowedScope(context, parent)
    return listAnswer(context, 'images', {
      count: (listing) => registrations.count(context.actor, { ...scope, ...listing }),
      list: (listing) => registrations.list(context.actor, { ...scope, ...listing }),
      wire: imageWire,
      search,
    })
  }
}

function show(parent: ParentPath): Handle {
  return async (context) => {
    const scope = await narrowedScope(context, parent)
    const { registrations } = context.parts.catalogue
    return showAnswer(context, imageWire(await registrations.view(context.actor, scope, idOf(context))))
  }
}

function create(parent: ParentPath): Handle {
  return async (context) => {
    const { registrations } = context.parts.catalogue
    const scope = await scopeFor(context, parent)
    const patch = await patchOf(context).catch(async (refusal) => {
      // A missing parent comes before what is wrong with the body (5.3).
      await registrations.count(context.actor, scope)
      throw refusal
    })
    const image = await registrations.create(context.actor, scope, patch)
    return created(imageWire(image))
  }
}

function update(parent: ParentPath): Handle {
  return async (context) => {
    const { registrations } = context.parts.catalogue
    const scope = await scopeFor(context, parent)
    const { id } = await registrations.view(context.actor, scope, idOf(context))
    context.about(id)
    return ok(imageWire(await registrations.change(context.actor, scope, id, await patchOf(context))))
  }
}

function destroy(parent: ParentPath): Handle {
  return async (context) => {
    const { registrations } = context.parts.catalogue
    const id = idOf(context)
    context.about(id)
    return ok(imageRecord(await registrations.remove(context.actor, await scopeFor(context, parent), id)))
  }
}

/** A name is never an id: without leading digits it is 0, which no image has (section 1). */
const idOf = (context: Context): number => leadingId(context.segment('id'))

async function scopeFor(context: Context, parent: ParentPath): Promise<Scope> {
  return { parent: await parentOf(context, parent), context: scopeOf(context.place) }
}

/** Parents named in the query besides the one of the path narrow the list (3.2). */
async function narrowedScope(context: Context, parent: ParentPath): Promise<Scope> {
  const also = (name: ParentPath['name']): number | undefined => {
    const value = name === parent.name ? undefined : context.params[name]
    if (value === undefined || value === null || value === '') return undefined
    return typeof value === 'object' ? 0 : leadingId(String(value))
  }
  const [computeResourceId, operatingSystemId, architectureId] = parents.map(({ name }) => also(name))
  return {
    ...(await scopeFor(context, parent)),
    ...(computeResourceId === undefined ? {} : { computeResourceId }),
    ...(operatingSystemId === undefined ? {} : { operatingSystemId }),
    ...(architectureId === undefined ? {} : { architectureId }),
  }
}

/** @throws Refusal 404, which still speaks of the image (5.1) */
async function parentOf(context: Context, { kind, name }: ParentPath): Promise<Parent> {
  const id = await finders[kind](context, context.segment(name))
  if (id === undefined) throw notFound('image', context.segment('id'))
  return { kind, id }
}

/** How the three kinds of parents are named (section 1): a compute resource never by its name. */
const finders: Readonly<
  Record<Parent['kind'], (context: Context, text: string) => Promise<number | undefined>>
> = {
  'compute-resource': findComputeResource,
  'operating-system': findSystem,
  architecture: findArchitecture,
}

const { text, id, boolean } = readersOf<Patch>()

const readers: Readers<Patch> = {
  name: text('name'),
  username: text('username'),
  uuid: text('uuid'),
  password: text('password'),
  iam_role: text('iamRole'),
  user_data: boolean('userData'),
  compute_resource_id: id('computeResourceId'),
  operatingsystem_id: id('operatingSystemId'),
  architecture_id: id('architectureId'),
  compute_resource_name: named('computeResourceId', 'compute_resource', ({ actor, parts }, name) => {
    const filter = { field: 'name', is: 'eq', value: name } as const
    return firstId(parts.catalogue.computeResources.list(actor, { filter, limit: 1 }))
  }),
  operatingsystem_name: named('operatingSystemId', 'operatingsystem', ({ actor, parts }, name) => {
    const filter = { field: 'title', is: 'eq', value: name } as const
    return firstId(parts.catalogue.systems.list(actor, { filter, limit: 1 }))
  }),
  architecture_name: named('architectureId', 'architecture', ({ actor, parts }, name) => {
    const filter = { field: 'name', is: 'eq', value: name } as const
    return firstId(parts.catalogue.architectures.list(actor, { filter, limit: 1 }))
  }),
}

/** An association by name, an operating system by its title (1.1). @throws Refusal 422 `Could not find …` */
function named(
  key: 'computeResourceId' | 'operatingSystemId' | 'architectureId',
  association: string,
  find: (context: Context, name: string) => Promise<number | undefined>,
): Reader<Patch> {
  return async (value, _, context) => {
    const name = coerce.text(value)
    if (name === undefined) return {}
    if (name === null || name === '') return { [key]: null }
    const found = await find(context, name)
    if (found === undefined) throw unprocessable(`Could not find ${association} with name: ${name}`)
    return { [key]: found }
  }
}

const patchOf = (context: Context): Promise<Patch> => readPatch(context, 'image', readers, columns)
