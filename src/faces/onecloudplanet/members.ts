import { isFailure } from '../../catalogue/failure.ts'
import { ownImage } from './client.ts'
import { badFields, notFound, notPermitted, refuse } from './failures.ts'
import { form, integer } from './fields.ts'
import { type Context, ok, type Route } from './route.ts'
import { toMember } from './wire.ts'

/** 2.8: sharing, client to client. */

/** The client in the path; what is no number names no client. */
function clientId({ param }: Context): number | null {
  const text = param('client')
  return /^\d{1,15}$/.test(text) ? Number(text) : null
}

async function list({ parts, actor, param }: Context) {
  const members = await parts.catalogue.members.list(actor, param('id'))
  return ok({ objects: members.map(toMember) })
}

async function add(context: Context) {
  const { parts, actor } = context
  const image = await ownImage(context, notPermitted)
  const fields = form(await context.json())
  const client = fields.required('client', integer)
  if (client === undefined) throw badFields(fields.errors)
  if (!(await parts.catalogue.projects.exists(Number.isSafeInteger(client) ? client : 0)))
    throw badFields({ client: ['Client does not exist'] })
  const member = await parts.catalogue.members.add(actor, image.uuid, client)
  return { status: 201, body: toMember(member) }
}

async function view(context: Context) {
  const { parts, actor, param } = context
  const client = clientId(context)
  if (client === null) throw notFound()
  return ok(toMember(await parts.catalogue.members.view(actor, param('id'), client)))
}

const noSuchMember = () => refuse(404, 'Could not find details about image member.')

/** Only the member itself accepts or rejects. */
async function decide(context: Context) {
  const { parts, actor, param } = context
  const { images, members } = parts.catalogue
  await images.view(actor, param('id'))
  const client = clientId(context)
  const { status } = await context.json()
  try {
    // A client that cannot be is looked for all the same, so that the owner hears 403 as always.
    await members.decide(actor, param('id'), client ?? 0, typeof status === 'string' ? status : '')
  } catch (error) {
    if (isFailure(error, 'not-found') && error.detail.subject === 'member') throw noSuchMember()
    if (isFailure(error, 'invalid') && error.detail.reason === 'status')
      throw refuse(400, 'Invalid member status received.')
    throw error
  }
  return ok({ detail: 'Image member status update sent.' })
}

async function remove(context: Context) {
  const image = await ownImage(context, notPermitted)
  const client = clientId(context)
  if (client === null) throw notFound()
  await context.parts.catalogue.members.remove(context.actor, image.uuid, client)
  return { status: 204 }
}

const all = '/openstack/images/:id/members'
const one = `${all}/:client`

export const memberRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: all,
    permission: 'images.retrieve',
    summary: 'The clients an image is shared with',
    handle: list,
  },
  {
    method: 'POST',
    path: all,
    permission: 'images.update',
    summary: 'Shares an image with a client',
    handle: add,
  },
  {
    method: 'GET',
    path: one,
    permission: 'images.retrieve',
    summary: 'One client an image is shared with',
    handle: view,
  },
  {
    method: 'PUT',
    path: one,
    permission: 'images.update',
    summary: 'Accepts or rejects a shared image',
    handle: decide,
  },
  {
    method: 'DELETE',
    path: one,
    permission: 'images.update',
    summary: 'Ends sharing an image with a client',
    handle: remove,
  },
]
