import type { Image } from '../../catalogue/images/image.ts'
import type { Revision } from '../../catalogue/images/revisions.ts'
import { workOn } from '../../catalogue/images/work.ts'
import { readCallback } from './callback-fields.ts'
import { fields } from './fields.ts'
import { type ImageFields, readImageFields, writableKeys } from './image-fields.ts'
import { imageOrder } from './image-order.ts'
import { detailOf, enterDatacenterOf, viewOf, viewsOfAll } from './image-views.ts'
import { importByName } from './import-image.ts'
import { type Answer, begun, type Context, done, type Route } from './route.ts'
import { vmView } from './vm-wire.ts'
import { accessOf, aliasOf } from './wire.ts'

/** The image of the path for one who manages it; its datacenter is the one in force from then on (1.4). */
async function managed(context: Context): Promise<Image> {
  const { catalogue } = context.parts
  catalogue.managedImages.demandManager(context.actor)
  imageOrder(context)
  const image = await catalogue.managedImages.named(context.actor, context.segment('name'))
  enterDatacenterOf(context, image)
  return image
}

async function list(context: Context): Promise<Answer> {
  const { managedImages } = context.parts.catalogue
  managedImages.demandManager(context.actor)
  const { actor, full, extended } = context
  const order = imageOrder(context)
  if (!full && !extended) return done(managedImages.handles(actor, order))
  return done(viewsOfAll(context, managedImages.all(actor, order), { extended }))
}

async function show(context: Context): Promise<Answer> {
  const image = await managed(context)
  return doneOf(image, await viewOf(context, image, { extended: context.extended }))
}

const doneOf = (image: Image, result: unknown): Answer => ({ kind: 'done', result, owner: image.creatorId })

/** danube.md 1.10. */
async function update(context: Context): Promise<Answer> {
  const { actor, data, parts } = context
  const { revisions, imageServer } = parts.catalogue
  const image = await managed(context)
  const said = await updateFields(context, image)
  const withServer = await imageServer.demandUsable()
  const present = writableKeys.filter((key) => data[key] !== undefined)
  const byTask = withServer && present.some((key) => key !== 'dc_bound' && key !== 'owner')
  const { callback, problem } = byTask ? readCallback(data) : {}
  const { image: saved, taskId } = await revisions.revise(actor, image.uuid, (now) => revisionOf(now, said), {
    work: (changed) => workOn(changed, 'Update image', detailOf(changesOf(context, said), problem)),
    byTask,
    callback,
  })
  enterDatacenterOf(context, saved)
  if (taskId !== null) return begun(taskId)
  return doneOf(saved, await viewOf(context, saved))
}

/** What is wrong with single fields is told at once; only then what they are to other images (danube.md 1.3). */
async function updateFields(context: Context, image: Image): Promise<ImageFields> {
  const { parts, actor, data } = context
  const { revisions, tasks } = parts.catalogue
  const read = fields(data)
  const said = await readImageFields(context, 'update', read)
  const { alias, version, ownerId, dcBound } = said
  if (ownerId !== undefined && ownerId !== image.creatorId) {
    if ((await tasks.working([image.uuid])).has(image.uuid)) read.fail('owner', 'Image has pending tasks.')
  }
  if (dcBound !== undefined && dcBound !== image.bound) {
    if (!actor.superAdmin) read.fail('dc_bound', "You don't have permission to modify this attribute.")
    else if (dcBound) await read.noting(() => revisions.demandBindable(image))
  }
  read.demand()
  if (alias !== undefined || version !== undefined)
    await revisions.demandAlias(nameFor(image, alias), version ?? image.version, image.uuid)
  return said
}

/** Writing the alias that is shown says nothing: the name behind it may be longer (one-catalogue.md section 3). */
function nameFor(image: Image, alias: string | undefined): string {
  return alias === undefined || alias === aliasOf(image.name || image.handle) ? image.name : alias
}

/** What the fields of this wire change in an image as it is now. */
export function revisionOf(image: Image, said: ImageFields): Revision {
  const { alias, version, ownerId, access, desc, resize, deploy, tags, dcBound } = said
  const patch = {
    name: nameFor(image, alias) === image.name ? undefined : nameFor(image, alias),
    version,
    creatorId: ownerId,
    visibility: access === undefined || access === 4 ? undefined : visibilityFor(image, access),
    properties: desc === undefined ? undefined : describedAs(image, desc),
    resize,
    deploy,
    tags,
  }
  return {
    patch: Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined)),
    ...(access === undefined || access === accessOf(image) ? {} : { withdrawn: access === 4 }),
    ...(dcBound === undefined ? {} : { bound: dcBound }),
  }
}

/** Access 3 leaves what is not public as it is; what was public and has members is shared with them. */
function visibilityFor(image: Image, access: 1 | 3): Image['visibility'] | undefined {
  if (access === 1) return image.visibility === 'public' ? undefined : 'public'
  return image.visibility === 'public' ? 'private' : undefined
}

function describedAs({ properties }: Image, desc: string): Image['properties'] {
  const { description: _description, ...others } = properties
  return desc === '' ? others : { ...properties, description: desc }
}

/** For the task log, in the words of this wire. */
function changesOf({ data }: Context, said: ImageFields): object {
  const { ownerId, dcBound, ...others } = said
  return {
    ...others,
    ...(ownerId === undefined ? {} : { owner: data.owner }),
    ...(dcBound === undefined ? {} : { dc_bound: dcBound }),
  }
}

/** danube.md 1.11. */
async function remove(context: Context): Promise<Answer> {
  const { actor, data, parts } = context
  const { revisions, imageServer } = parts.catalogue
  const image = await managed(context)
  await revisions.demandUnused(image)
  const byTask = await imageServer.demandUsable()
  const { callback, problem } = byTask ? readCallback(data) : {}
  const { taskId } = await revisions.dispose(actor, image.uuid, {
    work: (gone) => workOn(gone, 'Delete image', detailOf({}, problem)),
    byTask,
    callback,
  })
  if (taskId !== null) return begun(taskId)
  return doneOf(image, null)
}

/** danube.md 1.14. */
async function instances(context: Context): Promise<Answer> {
  const { catalogue } = context.parts
  catalogue.managedImages.demandManager(context.actor)
  const [order] = context.orderBy(['hostname'], 'hostname')
  const image = await catalogue.managedImages.named(context.actor, context.segment('name'))
  enterDatacenterOf(context, image)
  const found = await catalogue.managedImages.instancesUsing(image, order!.descending)
  if (!context.full) return done(found.map(({ hostname }) => hostname))
  return done(found.map(vmView))
}

export const imageRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/image',
    summary: 'List server disk images',
    scope: 'main',
    group: 'u',
    handle: list,
  },
  {
    method: 'GET',
    path: '/image/:name',
    summary: 'Show a server disk image',
    scope: 'main',
    group: 'u',
    handle: show,
  },
  {
    method: 'POST',
    path: '/image/:name',
    summary: 'Import a server disk image from a manifest',
    scope: 'main',
    group: 'u',
    handle: importByName,
  },
  {
    method: 'PUT',
    path: '/image/:name',
    summary: 'Change a server disk image',
    scope: 'main',
    group: 'u',
    handle: update,
  },
  {
    method: 'DELETE',
    path: '/image/:name',
    summary: 'Delete a server disk image',
    scope: 'main',
    group: 'u',
    handle: remove,
  },
  {
    method: 'GET',
    path: '/image/:name/vm',
    summary: 'List the servers that use a disk image',
    scope: 'main',
    group: 'u',
    handle: instances,
  },
]
