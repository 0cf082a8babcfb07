import type { FastifyInstance } from 'fastify'
import type { Actor } from '../../catalogue/actor.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { PlacedComputeResource } from '../../catalogue/places/compute-resources/resource.ts'
import { read } from './input.ts'
import { computeResourceDraft, computeResourcePatch, computeResourceQuery, placeIdOf } from './place-input.ts'
import { containing, every, toOrder } from './place-search.ts'
import { toWireComputeResource, toWireComputeResourceDetail } from './place-shapes.ts'
import { told } from './place-words.ts'
import type { WireComputeResourceDetail, WireComputeResourceList } from './wire-places.ts'

/** Compute resources; what is registered on them is in registrations.ts. */
export async function computeResourceRoutes(app: FastifyInstance, catalogue: Catalogue): Promise<void> {
  const { computeResources } = catalogue

  app.get('/compute-resources', async ({ actor, query }): Promise<WireComputeResourceList> => {
    const { search, provider, sort, offset, limit } = read(computeResourceQuery, query)
    const filter = every(
      containing(search, ['name', 'provider', 'description', 'url']),
      provider && { field: 'provider', is: 'eq', value: provider },
    )
    const order = toOrder(sort, { caseless: true })
    const [found, total] = await Promise.all([
      computeResources.list(actor, { filter, order, offset, limit }),
      computeResources.count(actor, { filter }),
    ])
    return { computeResources: found.map(toWireComputeResource), total }
  })

  app.post('/compute-resources', async ({ actor, body }, reply) => {
    const { projectIds, ...facts } = read(computeResourceDraft, body)
    const made = await told(computeResources.create(actor, { ...facts, organizationIds: projectIds }))
    reply.code(201)
    return detailOf(actor, made)
  })

  app.get('/compute-resources/:id', async (request) =>
    detailOf(request.actor, await computeResources.describe(request.actor, placeIdOf(request))),
  )

  app.patch('/compute-resources/:id', async (request) => {
    const { actor } = request
    const { projectIds, ...facts } = read(computeResourcePatch, request.body)
    const patch = { ...facts, organizationIds: projectIds }
    return detailOf(actor, await told(computeResources.change(actor, placeIdOf(request), patch)))
  })

  app.delete('/compute-resources/:id', async (request, reply) => {
    await told(computeResources.remove(request.actor, placeIdOf(request)))
    return reply.code(204).send()
  })

  async function detailOf(actor: Actor, one: PlacedComputeResource): Promise<WireComputeResourceDetail> {
    return toWireComputeResourceDetail(one, await computeResources.allowed(actor, one.id))
  }
}
