import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { visibilities } from '../../catalogue/images/image.ts'
import { offerOrders } from '../../catalogue/repositories/search.ts'
import { namedHere } from './alias.ts'
import { withOwner } from './images.ts'
import { idOf, pageQuery, read } from './input.ts'
import { toWireOffer, toWireRepository } from './repository-shapes.ts'
import { toWireImage, toWireTask } from './shapes.ts'
import type { WireImportStarted } from './wire.ts'
import type {
  WireOfferDetail,
  WireOfferList,
  WireRepository,
  WireRepositoryList,
} from './wire-repositories.ts'

const text = z.string().max(255)
const name = z.string().trim().min(1).max(255)

const repositoryDraft = z.strictObject({ name: text, url: z.string().max(1024) })

const offerQuery = pageQuery.extend({
  limit: z.coerce.number().int().positive().max(100).default(20),
  search: text.optional(),
  type: text.optional(),
  os: text.optional(),
  /** With `-` before it for the other direction. */
  sort: z.enum([...offerOrders, ...offerOrders.map((order) => `-${order}` as const)]).default('-published'),
})

const offerImport = z.strictObject({
  name: name.optional(),
  project: name.optional(),
  visibility: z.enum(visibilities).optional(),
  tags: z.array(text).optional(),
})

/** Other repositories, and importing from them. */
export async function repositoryRoutes(app: FastifyInstance, catalogue: Catalogue): Promise<void> {
  const { repositories } = catalogue

  app.get('/repositories', async ({ actor }): Promise<WireRepositoryList> => {
    return { repositories: (await repositories.remotes(actor)).map(toWireRepository) }
  })

  app.post('/repositories', async ({ actor, body }, reply): Promise<WireRepository> => {
    const made = await repositories.add(actor, read(repositoryDraft, body))
    reply.code(201)
    return toWireRepository(made)
  })

  app.delete('/repositories/:id', async (request, reply) => {
    await repositories.remove(request.actor, idOf(request))
    return reply.code(204).send()
  })

  /** That it cannot be read is told in the answer, as the list tells it: it is no failure of ours. */
  app.post('/repositories/:id/refresh', async (request): Promise<WireRepository> => {
    return toWireRepository(await repositories.refresh(request.actor, idOf(request)))
  })

  app.get('/repositories/:id/images', async (request): Promise<WireOfferList> => {
    const { search, type, os, sort, offset, limit } = read(offerQuery, request.query)
    const descending = sort.startsWith('-')
    const by = offerOrders.find((order) => order === sort.replace('-', ''))!
    const asked = { text: search, type, os, order: { by, descending }, offset, limit }
    const { offers, total } = await repositories.search(request.actor, idOf(request), asked)
    return { offers: offers.map(toWireOffer), total }
  })

  app.get('/repositories/:id/images/:uuid', async (request): Promise<WireOfferDetail> => {
    const offer = await repositories.offer(request.actor, idOf(request), uuidOf(request))
    const [found] = await repositories.marked(request.actor, [offer])
    return { ...toWireOffer(found!), manifest: offer.manifest }
  })

  app.post('/repositories/:id/images/:uuid/import', async (request, reply): Promise<WireImportStarted> => {
    const { actor } = request
    const said = await withOwner(catalogue, actor, read(offerImport, request.body))
    const { image, taskId } = await namedHere(() =>
      repositories.import(actor, idOf(request), uuidOf(request), said),
    )
    reply.code(202)
    return { image: toWireImage(image), task: toWireTask(await catalogue.tasks.view(actor, taskId)) }
  })
}

const uuidOf = (request: FastifyRequest): string => (request.params as { uuid: string }).uuid
