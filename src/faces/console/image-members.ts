import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { permitted } from '../../catalogue/access.ts'
import type { Actor } from '../../catalogue/actor.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { Failure, isFailure } from '../../catalogue/failure.ts'
import type { Image } from '../../catalogue/images/image.ts'
import { type Member, memberStatuses } from '../../catalogue/images/members.ts'
import { findImage } from './find-image.ts'
import { toWireMember } from './image-shapes.ts'
import { idOf, read } from './input.ts'
import type { WireMember, WireMemberList } from './wire-image.ts'

const draft = z.strictObject({ project: z.string().trim().min(1).max(255) })
const decision = z.strictObject({ status: z.enum(memberStatuses) })

/** An id that no project has. */
const nobody = 0

/** With whom an image is shared. Members go by the ids of OpenStack, which also those have that are no projects of ours. */
export async function imageMemberRoutes(app: FastifyInstance, catalogue: Catalogue): Promise<void> {
  const { members, openstackMembers, projects } = catalogue

  app.get('/images/:id/members', async (request): Promise<WireMemberList> => {
    const image = await findImage(catalogue, request.actor, idOf(request))
    return { members: await listed(request.actor, image) }
  })

  app.post('/images/:id/members', async (request, reply): Promise<WireMember> => {
    const { actor } = request
    const image = await findImage(catalogue, actor, idOf(request))
    const { project } = read(draft, request.body)
    // Of a project that is not there the catalogue tells those only who may share.
    const recipient = (await projects.recipient(project)) ?? nobody
    const { project: added } = await members.add(actor, image.uuid, recipient).catch((error) => {
      if (!isFailure(error, 'invalid') || error.detail.subject !== 'project') throw error
      const message = `There is no project "${project}".`
      throw new Failure('invalid', message, { subject: 'project', fields: { project: [message] } })
    })
    reply.code(201)
    return one(actor, image, added.openstackId)
  })

  app.patch('/images/:id/members/:member', async (request): Promise<WireMember> => {
    const { actor } = request
    const image = await findImage(catalogue, actor, idOf(request))
    const { member } = request.params as { member: string }
    const { status } = read(decision, request.body)
    await openstackMembers.decide(actor, image.uuid, member, status)
    return one(actor, image, member)
  })

  app.delete('/images/:id/members/:member', async (request, reply) => {
    const image = await findImage(catalogue, request.actor, idOf(request))
    const { member } = request.params as { member: string }
    await openstackMembers.remove(request.actor, image.uuid, member)
    return reply.code(204).send()
  })

  async function listed(actor: Actor, image: Image): Promise<WireMember[]> {
    if (image.visibility !== 'shared') return []
    const known = new Map(
      (await members.list(actor, image.uuid)).map(({ project }) => [project.openstackId, project]),
    )
    const all = await openstackMembers.list(actor, image.uuid)
    return all.map((member) => {
      const project = known.get(member.openstackId) ?? null
      return toWireMember(member, project, mayDecide(actor, image, project))
    })
  }

  async function one(actor: Actor, image: Image, id: string): Promise<WireMember> {
    return (await listed(actor, image)).find((member) => member.id === id)!
  }
}

/** As `members.decide` has it: the member itself, and never the owner on its behalf. */
function mayDecide(actor: Actor, image: Image, project: Member['project'] | null): boolean {
  if (actor.superAdmin) return true
  if (project === null || permitted(actor, 'image.share', image.ownerId)) return false
  return permitted(actor, 'image.share', project.id)
}
