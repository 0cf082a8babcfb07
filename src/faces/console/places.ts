import type { FastifyInstance } from 'fastify'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { computeResourceRoutes } from './compute-resources.ts'
import { read } from './input.ts'
import { placeQuery } from './place-input.ts'
import { containing } from './place-search.ts'
import { toWirePlace } from './place-shapes.ts'
import { registrationRoutes } from './registrations.ts'
import { systemRoutes } from './systems.ts'
import type { WirePlaceList } from './wire-places.ts'

/** Where images are used. Projects and locations are here to be chosen from. */
export async function placeRoutes(app: FastifyInstance, catalogue: Catalogue): Promise<void> {
  const trees = { projects: catalogue.organizations, locations: catalogue.locations } as const
  for (const tree of ['projects', 'locations'] as const) {
    app.get(`/places/${tree}`, async ({ actor, query }): Promise<WirePlaceList> => {
      const { search, offset, limit } = read(placeQuery, query)
      const filter = containing(search, ['title'])
      const order = [{ field: 'title', caseless: true }, { field: 'id' }]
      const [found, total] = await Promise.all([
        trees[tree].list(actor, { filter, order, offset, limit }),
        trees[tree].count(actor, { filter }),
      ])
      return { places: found.map(toWirePlace), total }
    })
  }
  await computeResourceRoutes(app, catalogue)
  await systemRoutes(app, catalogue)
  await registrationRoutes(app, catalogue)
}
