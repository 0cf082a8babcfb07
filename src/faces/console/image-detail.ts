import type { FastifyInstance } from 'fastify'
import { permitted, permittedAnywhere } from '../../catalogue/access.ts'
import type { Actor } from '../../catalogue/actor.ts'
import type { Image } from '../../catalogue/images/image.ts'
import type { Parts } from '../../http/face.ts'
import { findImage } from './find-image.ts'
import { mentioned, toWireHistory, toWireProvenance, toWireRegistration } from './image-shapes.ts'
import { historyQuery, idOf, read } from './input.ts'
import { toWireImage, toWireTask } from './shapes.ts'
import { projectNames } from './whoami.ts'
import type {
  WireExhibitList,
  WireImageDetail,
  WireImageHistory,
  WireRegistrationList,
} from './wire-image.ts'

/** What the page of one image shows besides the image itself; its members are in image-members.ts. */
export async function imageDetailRoutes(
  app: FastifyInstance,
  { catalogue, origin, exhibits }: Parts,
): Promise<void> {
  app.get('/images/:id/detail', async (request): Promise<WireImageDetail> => {
    const { actor } = request
    const image = await findImage(catalogue, actor, idOf(request))
    return detailOf(actor, image)
  })

  app.get('/images/:id/registrations', async (request): Promise<WireRegistrationList> => {
    const image = await findImage(catalogue, request.actor, idOf(request))
    const found = await catalogue.registrations.ofImage(request.actor, image)
    return { registrations: found.map(toWireRegistration), unregistered: image.unregistered }
  })

  app.get('/images/:id/history', async (request): Promise<WireImageHistory> => {
    const { before, limit } = read(historyQuery, request.query)
    const image = await findImage(catalogue, request.actor, idOf(request))
    const page = { limit, ...(before === undefined ? {} : { before }) }
    const entries = await catalogue.audit.ofImage(request.actor, image, page)
    const { projects, users } = mentioned(entries)
    return toWireHistory(
      entries,
      await projectNames(catalogue, projects),
      await catalogue.users.usernames(users),
    )
  })

  app.get('/images/:id/exhibits', async (request): Promise<WireExhibitList> => {
    const { actor } = request
    const image = await findImage(catalogue, actor, idOf(request))
    return { exhibits: await exhibits({ actor, image, origin: origin(request) }) }
  })

  async function detailOf(actor: Actor, image: Image): Promise<WireImageDetail> {
    const [allowed, stores, provenance, [task]] = await Promise.all([
      catalogue.images.allowed(actor, image),
      catalogue.bytes.storesOf([image]),
      catalogue.provenance.of(actor, image),
      catalogue.tasks.list(actor, { imageUuid: image.uuid, states: ['pending', 'running'], limit: 1 }),
    ])
    return {
      image: toWireImage(image),
      allowed: [...allowed],
      sees: {
        history: permitted(actor, 'image.view', image.ownerId),
        registrations: permittedAnywhere(actor, 'registration.view'),
      },
      stores: stores.get(image.uuid) ?? [],
      elsewhere: image.publishedAt !== null && image.blobId === null,
      import: image.import && { importing: image.import.importing, failed: image.import.failed },
      task: task ? toWireTask(task) : null,
      provenance: provenance && toWireProvenance(provenance, image),
    }
  }
}
