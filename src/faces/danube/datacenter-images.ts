import { findDatacenter } from './datacenter-context.ts'
import { alreadyExists, permissionDenied } from './failures.ts'
import { viewOf, viewsOfAll } from './image-views.ts'
import { type Answer, type Context, type Datacenter, done, type Route } from './route.ts'

/** The datacenter of the path, in force from then on, for one who administers it (danube.md 4.2). */
async function administered(context: Context): Promise<Datacenter> {
  const datacenter = await findDatacenter(context, context.segment('dc'))
  context.enter(datacenter)
  if (!context.parts.catalogue.datacenterTasks.isMaster(context.actor, datacenter.id))
    throw permissionDenied()
  return datacenter
}

/** The same, for those who administer all of them. */
async function governed(context: Context): Promise<Datacenter> {
  if (!context.actor.superAdmin) throw permissionDenied()
  return administered(context)
}

async function list(context: Context): Promise<Answer> {
  const datacenter = await administered(context)
  const [order] = context.orderBy(['name'], 'name')
  const { managedImages } = context.parts.catalogue
  const { actor, full, extended } = context
  const { descending } = order!
  if (!full && !extended) return done(managedImages.attachedHandles(actor, datacenter.id, descending))
  return done(viewsOfAll(context, managedImages.attachedTo(actor, datacenter.id, descending)))
}

async function show(context: Context): Promise<Answer> {
  const datacenter = await administered(context)
  const image = await context.parts.catalogue.managedImages.attachedNamed(
    datacenter.id,
    context.segment('name'),
  )
  return { kind: 'done', result: await viewOf(context, image), owner: image.creatorId }
}

async function attach(context: Context): Promise<Answer> {
  const { actor, parts, segment } = context
  const datacenter = await governed(context)
  const { managedImages, attachments } = parts.catalogue
  const image = await managedImages.named(actor, segment('name'))
  if (await attachments.has(image, datacenter.id)) throw alreadyExists('Image')
  const attached = await attachments.attach(actor, image.uuid, datacenter)
  return { kind: 'done', status: 201, result: await viewOf(context, attached), owner: image.creatorId }
}

async function detach(context: Context): Promise<Answer> {
  const { actor, parts, segment } = context
  const datacenter = await governed(context)
  const { managedImages, attachments } = parts.catalogue
  const image = await managedImages.attachedNamed(datacenter.id, segment('name'))
  await attachments.detach(actor, image.uuid, datacenter)
  return { kind: 'done', result: null, owner: image.creatorId }
}

const common = { scope: 'main', group: 'd' } as const

export const datacenterImageRoutes: readonly Route[] = [
  {
    ...common,
    method: 'GET',
    path: '/dc/:dc/image',
    summary: 'List the images of a datacenter',
    handle: list,
  },
  {
    ...common,
    method: 'GET',
    path: '/dc/:dc/image/:name',
    summary: 'Show an image of a datacenter',
    handle: show,
  },
  {
    ...common,
    method: 'POST',
    path: '/dc/:dc/image/:name',
    summary: 'Attach an image to a datacenter',
    handle: attach,
  },
  {
    ...common,
    method: 'DELETE',
    path: '/dc/:dc/image/:name',
    summary: 'Detach an image from a datacenter',
    handle: detach,
  },
]
