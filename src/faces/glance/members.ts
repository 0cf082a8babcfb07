import { isLonger } from '../../catalogue/characters.ts'
import type { MemberStatus } from '../../catalogue/images/members.ts'
import type { OpenstackMember } from '../../catalogue/images/openstack-members.ts'
import { toSeconds } from '../../catalogue/time.ts'
import { objectOf } from './body.ts'
import { bad } from './failures.ts'
import { type Answer, type Context, noContent, ok, type Route } from './route.ts'

/** glance.md section 10. */
function toWire(member: OpenstackMember): object {
  return {
    member_id: member.openstackId,
    image_id: member.imageUuid,
    status: member.status,
    created_at: toSeconds(member.createdAt),
    updated_at: toSeconds(member.updatedAt),
    schema: '/v2/schemas/member',
  }
}

async function add(context: Context): Promise<Answer> {
  const { parts, actor, param } = context
  const { member } = objectOf(await context.json())
  if (typeof member !== 'string' || member === '' || isLonger(member, 255) || !member.isWellFormed())
    throw bad('Member to be added is not specified: "member" must be a text of 1 to 255 characters.')
  return ok(toWire(await parts.catalogue.openstackMembers.add(actor, param('image'), member)))
}

async function list({ parts, actor, param }: Context): Promise<Answer> {
  const members = await parts.catalogue.openstackMembers.list(actor, param('image'))
  return ok({ members: members.map(toWire), schema: '/v2/schemas/members' })
}

async function view({ parts, actor, param }: Context): Promise<Answer> {
  return ok(toWire(await parts.catalogue.openstackMembers.view(actor, param('image'), param('member'))))
}

async function decide(context: Context): Promise<Answer> {
  const { parts, actor, param } = context
  const { status } = objectOf(await context.json())
  if (status === undefined) throw bad('Status not specified.')
  if (typeof status !== 'string') throw bad('Status must be "pending", "accepted" or "rejected".')
  const member = await parts.catalogue.openstackMembers.decide(
    actor,
    param('image'),
    param('member'),
    status as MemberStatus,
  )
  return ok(toWire(member))
}

async function remove({ parts, actor, param }: Context): Promise<Answer> {
  await parts.catalogue.openstackMembers.remove(actor, param('image'), param('member'))
  return noContent
}

export const memberRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/images/:image/members',
    summary: 'Whom an image is shared with',
    policy: 'get_members',
    handle: list,
  },
  {
    method: 'POST',
    path: '/images/:image/members',
    summary: 'Shares an image with a project',
    policy: 'add_member',
    body: 'json',
    handle: add,
  },
  {
    method: 'GET',
    path: '/images/:image/members/:member',
    summary: 'One project that an image is shared with',
    policy: 'get_member',
    handle: view,
  },
  {
    method: 'PUT',
    path: '/images/:image/members/:member',
    summary: 'Accepts or rejects a shared image',
    policy: 'modify_member',
    body: 'json',
    handle: decide,
  },
  {
    method: 'DELETE',
    path: '/images/:image/members/:member',
    summary: 'Shares an image with a project no longer',
    policy: 'delete_member',
    handle: remove,
  },
]
