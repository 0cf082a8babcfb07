import { type FailureDetail, isFailure } from '../../catalogue/failure.ts'
import type { Image } from '../../catalogue/images/image.ts'
import { contentDisposition, sendBytes } from '../../http/send.ts'
import { ownImage } from './client.ts'
import { badFields, notPermitted, type Refusal, refuse } from './failures.ts'
import { boolean, choice, form, text } from './fields.ts'
import { roleAllows, switchedOff } from './permissions.ts'
import { type Context, ok, type Route } from './route.ts'
import { displayName, wireStatus } from './wire.ts'

/** 2.7: deactivate, reactivate, download, copy. */

const wordOf = { deactivate: 'deactivation', reactivate: 'reactivation' } as const

const notAllowed = (verb: keyof typeof wordOf) => () => refuse(403, `Image ${wordOf[verb]} not allowed`)

function move(verb: keyof typeof wordOf) {
  return async (context: Context) => {
    const image = await ownImage(context, notAllowed(verb))
    const { images } = context.parts.catalogue
    await worded(
      () => images[verb](context.actor, image.uuid),
      (status) => refuse(409, `Not allowed to ${verb} image in status '${status}'`),
    )
    return ok({ detail: `Image ${displayName(image)} ${verb}d` })
  }
}

/** A state that does not fit is told in the statuses of this wire. */
async function worded<T>(work: () => Promise<T>, refusal: (status: string) => Refusal): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const detail: FailureDetail = isFailure(error, 'state') ? error.detail : {}
    throw detail.status === undefined ? error : refusal(wireStatus(detail.status))
  }
}

/** Whoever can see an image and may download at all may download it, pending members included. */
async function download({ parts, actor, param, request, reply }: Context): Promise<undefined> {
  const { images, bytes } = parts.catalogue
  const image = await images.view(actor, param('id'))
  const served = await worded(
    () => bytes.serve(actor, image),
    (status) => refuse(409, `Cannot download image in ${status} status.`),
  )
  await sendBytes(
    request,
    reply,
    {
      size: served.size,
      etag: image.digests.md5 === null ? null : `"${image.digests.md5}"`,
      lastModified: null,
      read: (range) => served.read(range),
    },
    { headers: { 'content-disposition': contentDisposition(filename(image)) } },
  )
}

function filename(image: Image): string {
  return image.diskFormat === null ? displayName(image) : `${displayName(image)}.${image.diskFormat}`
}

/** The copy is a new private image of the caller's client; a move takes the source away once the copy is active. */
async function copy(context: Context) {
  const { parts, actor, caller, param } = context
  const { images, imports, locations } = parts.catalogue
  if (parts.featuresOff.has('openstack.images.copy')) throw refuse(403, 'Image copy not allowed.')
  const source = await images.view(actor, param('id'))
  const fields = form(await context.json())
  const regions = (await locations.all()).filter(({ enabled }) => enabled).map(({ name }) => name)
  const deleteSource = fields.required('delete_source_image', boolean)
  const name = fields.required('destination_name', text({ longest: 255 }))
  const region = fields.required('destination_region_id', choice(regions))
  if (Object.keys(fields.errors).length > 0) throw badFields(fields.errors)
  if (deleteSource) {
    if (!roleAllows(actor, 'images.destroy') || switchedOff(parts.featuresOff, 'images.destroy'))
      throw notPermitted()
    await ownImage(context, notPermitted)
  }
  // Staff have no client of their own: unless they name one, the copy stays with the owner of the source.
  const copier =
    caller.staff && !caller.named && source.ownerId !== null ? { ...actor, projectId: source.ownerId } : actor
  await worded(
    () => imports.copy(copier, source.uuid, { name: name!, region: region!, deleteSource: deleteSource! }),
    (status) => refuse(409, `Cannot copy image in ${status} status.`),
  )
  return ok({ detail: `Image ${displayName(source)} copy scheduled` })
}

export const actionRoutes: readonly Route[] = [
  ...(['deactivate', 'reactivate'] as const).map(
    (verb): Route => ({
      method: 'POST',
      path: `/openstack/images/:id/${verb}`,
      permission: `images.${verb}`,
      whenOff: notAllowed(verb),
      summary: verb === 'deactivate' ? 'Keeps an image from being used' : 'Lets an image be used again',
      handle: move(verb),
    }),
  ),
  {
    method: 'GET',
    path: '/openstack/images/:id/download',
    permission: 'images.download',
    whenOff: () => refuse(403, 'Image download not allowed'),
    summary: 'The bytes of an image, whole or in part',
    handle: download,
  },
  {
    method: 'POST',
    path: '/openstack/images/:id/copy-image',
    permission: 'images.create',
    whenOff: () => refuse(403, 'Image copy not allowed.'),
    summary: 'Copies or moves an image',
    handle: copy,
  },
]
