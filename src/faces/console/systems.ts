import type { FastifyInstance } from 'fastify'
import type { Actor } from '../../catalogue/actor.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { read } from './input.ts'
import { architecturePatch, architectureQuery, placeIdOf, systemPatch, systemQuery } from './place-input.ts'
import { containing, every, toOrder } from './place-search.ts'
import { toWireArchitecture, toWireArchitectureDetail, toWireSystem } from './place-shapes.ts'
import { told } from './place-words.ts'
import type { WireArchitectureList, WireOperatingSystem, WireOperatingSystemList } from './wire-places.ts'

/** Operating systems and architectures, and which of them go together. */
export async function systemRoutes(app: FastifyInstance, catalogue: Catalogue): Promise<void> {
  const { systems, architectures } = catalogue

  app.get('/operating-systems', async ({ actor, query }): Promise<WireOperatingSystemList> => {
    const asked = read(systemQuery, query)
    const filter = every(
      containing(asked.search, ['title', 'name', 'family']),
      asked.family && { field: 'family', is: 'eq', value: asked.family },
    )
    const among = { filter, architectureId: asked.architecture }
    const order = toOrder(asked.sort, { caseless: true })
    const [found, total] = await Promise.all([
      systems.list(actor, { ...among, order, offset: asked.offset, limit: asked.limit }),
      systems.count(actor, among),
    ])
    const architecturesOf = await systems.architecturesOf(
      actor,
      found.map(({ id }) => id),
    )
    return {
      operatingSystems: found.map((one) =>
        toWireSystem({ ...one, architectures: architecturesOf.get(one.id) ?? [] }),
      ),
      total,
    }
  })

  app.post('/operating-systems', async ({ actor, body }, reply): Promise<WireOperatingSystem> => {
    const made = await told(systems.create(actor, read(systemPatch, body)))
    reply.code(201)
    return toWireSystem(made)
  })

  app.get('/operating-systems/:id', async (request) =>
    toWireSystem(await systems.describe(request.actor, placeIdOf(request))),
  )

  app.patch('/operating-systems/:id', async (request) => {
    const patch = read(systemPatch, request.body)
    return toWireSystem(await told(systems.change(request.actor, placeIdOf(request), patch)))
  })

  app.delete('/operating-systems/:id', async (request, reply) => {
    await told(systems.remove(request.actor, placeIdOf(request)))
    return reply.code(204).send()
  })

  app.get('/architectures', async ({ actor, query }): Promise<WireArchitectureList> => {
    const { search, operatingSystem, sort, offset, limit } = read(architectureQuery, query)
    const among = { filter: containing(search, ['name']), operatingSystemId: operatingSystem }
    const order = toOrder(sort, { caseless: true })
    const [found, total] = await Promise.all([
      architectures.list(actor, { ...among, order, offset, limit }),
      architectures.count(actor, among),
    ])
    const counts = await systemCounts(actor, found)
    return { architectures: found.map((one) => toWireArchitecture(one, counts.get(one.id) ?? 0)), total }
  })

  app.post('/architectures', async ({ actor, body }, reply) => {
    const made = await told(architectures.create(actor, read(architecturePatch, body)))
    reply.code(201)
    return toWireArchitectureDetail(made)
  })

  app.get('/architectures/:id', async (request) =>
    toWireArchitectureDetail(await architectures.describe(request.actor, placeIdOf(request))),
  )

  app.patch('/architectures/:id', async (request) => {
    const patch = read(architecturePatch, request.body)
    return toWireArchitectureDetail(
      await told(architectures.change(request.actor, placeIdOf(request), patch)),
    )
  })

  app.delete('/architectures/:id', async (request, reply) => {
    await told(architectures.remove(request.actor, placeIdOf(request)))
    return reply.code(204).send()
  })

  function systemCounts(actor: Actor, found: readonly { readonly id: number }[]) {
    return architectures.systemCounts(
      actor,
      found.map(({ id }) => id),
    )
  }
}
