import type { FastifyInstance } from 'fastify'
import type { z } from 'zod'
import type { Actor } from '../../catalogue/actor.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { Failure } from '../../catalogue/failure.ts'
import type { ImagePatch } from '../../catalogue/images/draft.ts'
import type { Image } from '../../catalogue/images/image.ts'
import type { ImageQuery } from '../../catalogue/images/list.ts'
import type { Filter, Order } from '../../catalogue/search.ts'
import { findImage, scopesOf } from './find-image.ts'
import { idOf, imageDraft, imagePatch, imageQuery, read } from './input.ts'
import { toWireImage } from './shapes.ts'
import type { WireImageList } from './wire.ts'

/** Descriptions of images; their bytes are in image-bytes.ts, what stands beside them in image-detail.ts. */
export async function imageRoutes(app: FastifyInstance, catalogue: Catalogue): Promise<void> {
  app.get('/images', async ({ actor, query }): Promise<WireImageList> => {
    const asked = await toQuery(catalogue, actor, read(imageQuery, query))
    const [found, total] = await Promise.all([
      catalogue.images.list(actor, asked),
      catalogue.images.count(actor, asked),
    ])
    return { images: found.map(toWireImage), total }
  })

  app.post('/images', async ({ actor, body }, reply) => {
    const draft = await withOwner(catalogue, actor, read(imageDraft, body))
    reply.code(201)
    return toWireImage(await catalogue.images.create(actor, draft))
  })

  app.get('/images/:id', async (request) =>
    toWireImage(await findImage(catalogue, request.actor, idOf(request))),
  )

  app.patch('/images/:id', async (request) => {
    const { actor } = request
    const found = await findImage(catalogue, actor, idOf(request))
    const { project, ...facts } = read(imagePatch, request.body)
    const owner = await withOwner(catalogue, actor, project === undefined ? {} : { project })
    const change = (image: Image) => ({ ...toPatch(image, facts), ...owner })
    return toWireImage(await catalogue.images.change(actor, found.uuid, change))
  })

  app.delete('/images/:id', async (request, reply) => {
    const image = await findImage(catalogue, request.actor, idOf(request))
    await catalogue.images.remove(request.actor, image.uuid)
    return reply.code(204).send()
  })

  for (const move of ['deactivate', 'reactivate'] as const) {
    app.post(`/images/:id/${move}`, async (request) => {
      const image = await findImage(catalogue, request.actor, idOf(request))
      return toWireImage(await catalogue.images[move](request.actor, image.uuid))
    })
  }
}

/** The owner as the catalogue wants it, instead of the project's name. @throws Failure `not-found` */
export async function withOwner<T extends { readonly project?: string | undefined }>(
  catalogue: Catalogue,
  actor: Actor,
  { project, ...facts }: T,
): Promise<Omit<T, 'project'> & { ownerId?: number }> {
  if (project === undefined) return facts
  return { ...facts, ownerId: (await catalogue.projects.named(actor, project)).id }
}

function toPatch(image: Image, facts: Omit<z.output<typeof imagePatch>, 'project'>): ImagePatch {
  const { addTags = [], removeTags = [], tags, properties, ...rest } = facts
  const present = tags ?? image.tags
  const retagged = [...present, ...addTags].filter((tag) => !removeTags.includes(tag))
  // A null removes; what is not named stays, in its order.
  const merged = Object.entries({ ...image.properties, ...properties }).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  )
  return {
    ...rest,
    ...(tags || addTags.length + removeTags.length > 0 ? { tags: retagged } : {}),
    ...(properties ? { properties: Object.fromEntries(merged) } : {}),
  }
}

const sortable = [
  'name',
  'status',
  'visibility',
  'diskFormat',
  'size',
  'virtualSize',
  'createdAt',
  'updatedAt',
] as const

async function toQuery(
  catalogue: Catalogue,
  actor: Actor,
  asked: z.output<typeof imageQuery>,
): Promise<ImageQuery> {
  const filters: Filter[] = []
  const { search, tag, project, format, status, visibility, type, os } = asked
  if (search) filters.push({ text: search })
  if (tag) filters.push({ tag })
  if (status) filters.push({ field: 'status', is: 'eq', value: status })
  if (visibility) filters.push({ field: 'visibility', is: 'eq', value: visibility })
  if (format) filters.push({ field: 'diskFormat', is: 'eq', value: format })
  if (type) filters.push({ field: 'type', is: 'eq', value: type })
  if (os) filters.push({ field: 'osDistro', is: 'eq', value: os, caseless: true })
  if (project) {
    const { id } = await catalogue.projects.named(actor, project)
    filters.push({ field: 'ownerId', is: 'eq', value: id })
  }
  const scopes = scopesOf(actor)
  // Community images are shown to those who look for them, never by themselves.
  if (visibility === 'community' && !actor.superAdmin) scopes.push({ visibility })
  return {
    scopes,
    ...(filters.length > 0 ? { filter: { all: filters } } : {}),
    order: toOrder(asked.sort ?? '-createdAt'),
    offset: asked.offset,
    limit: asked.limit,
    deleted: status === 'deleted' ? 'with' : 'without',
  }
}

function toOrder(sort: string): Order[] {
  const order = sort.split(',').map((part): Order => {
    const descending = part.startsWith('-')
    const field = descending ? part.slice(1) : part
    if ((sortable as readonly string[]).includes(field))
      return { field, descending, caseless: field === 'name' }
    throw new Failure('invalid', `Images cannot be sorted by "${field}", only by ${sortable.join(', ')}.`, {
      reason: 'field',
      fields: { sort: ['is not a field to sort by'] },
    })
  })
  // The same order on every page, whatever is equal.
  return [...order, { field: 'seq', descending: order.at(-1)!.descending ?? false }]
}
