import { isFailure } from '../../catalogue/failure.ts'
import { own } from '../../catalogue/manifests/manifest.ts'
import { upgraded } from '../../catalogue/manifests/upgrade.ts'
import type { Offer, Repository } from '../../catalogue/repositories/repository.ts'
import { refuse } from './failures.ts'
import { manifestUrlOf, offerToWire, repositoryToWire } from './imagestore-wire.ts'
import { importImage } from './import-image.ts'
import { type Answer, type Context, done, type Route } from './route.ts'
import { plainText } from './scalars.ts'

/** Remote IMGAPI repositories and what they offer (danube.md section 3). */

function shown(context: Context, repository: Repository) {
  return repositoryToWire(repository, context.parts.origin(context.request))
}

async function list(context: Context): Promise<Answer> {
  const found = await context.parts.catalogue.repositories.list(context.actor)
  if (context.full || context.extended) return done(found.map((each) => shown(context, each)))
  return done(found.map(({ name }) => name))
}

async function show(context: Context): Promise<Answer> {
  const { repositories } = context.parts.catalogue
  return done(shown(context, await repositories.view(context.actor, context.segment('name'))))
}

async function refreshAll(context: Context): Promise<Answer> {
  const { repositories } = context.parts.catalogue
  const found = await refreshing(() => repositories.refreshAll(context.actor))
  const result = found.map((each) => shown(context, each))
  return found.some(({ failure }) => failure !== null) ? { kind: 'failed', result } : done(result)
}

async function refresh(context: Context): Promise<Answer> {
  const { repositories } = context.parts.catalogue
  const found = await refreshing(() => repositories.refresh(context.actor, context.segment('name')))
  const result = shown(context, found)
  return found.failure === null ? done(result) : { kind: 'failed', result }
}

/** @throws Refusal 423 when somebody else reads the same repository and does not come to an end. */
async function refreshing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const running = isFailure(error, 'state') && error.detail.reason === 'running'
    throw running ? refuse(423, 'Task is already running') : error
  }
}

async function images(context: Context): Promise<Answer> {
  const { repositories } = context.parts.catalogue
  const { name, url } = shown(context, await repositories.view(context.actor, context.segment('name')))
  if (!context.full && !context.extended) return done(await repositories.uuids(context.actor, name))
  return done(wireOffers(await repositories.offers(context.actor, name), url))
}

async function* wireOffers(offers: AsyncIterable<Offer>, url: string): AsyncGenerator<object> {
  for await (const offer of offers) yield offerToWire(offer, url)
}

/** The repository and the image of the path. */
async function offered(context: Context): Promise<{ readonly offer: Offer; readonly url: string }> {
  const { repositories } = context.parts.catalogue
  const { name, url } = shown(context, await repositories.view(context.actor, context.segment('name')))
  return { offer: await repositories.offer(context.actor, name, context.segment('uuid')), url }
}

async function image(context: Context): Promise<Answer> {
  const { offer, url } = await offered(context)
  return done(offerToWire(offer, url))
}

/** danube.md 3.4: afterwards as any import of a manifest. */
async function importOffer(context: Context): Promise<Answer> {
  const { offer, url } = await offered(context)
  const { name: said, file_url: _, ...data } = context.data
  const isSaid = said !== undefined && said !== null && said !== ''
  const name = plainText(isSaid ? said : own(upgraded(offer.manifest), 'name')) ?? ''
  await context.parts.catalogue.repositories.demandNew(offer.uuid, name)
  return importImage(context, name, { ...data, manifest_url: manifestUrlOf(url, offer.uuid) })
}

export const imagestoreRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/imagestore',
    summary: 'List image repositories',
    scope: 'main',
    group: 'u',
    handle: list,
  },
  {
    method: 'PUT',
    path: '/imagestore',
    summary: 'Refresh all image repositories',
    scope: 'main',
    group: 'u',
    handle: refreshAll,
  },
  {
    method: 'GET',
    path: '/imagestore/:name',
    summary: 'Show an image repository',
    scope: 'main',
    group: 'u',
    handle: show,
  },
  {
    method: 'PUT',
    path: '/imagestore/:name',
    summary: 'Refresh an image repository',
    scope: 'main',
    group: 'u',
    handle: refresh,
  },
  {
    method: 'GET',
    path: '/imagestore/:name/image',
    summary: 'List the images of a repository',
    scope: 'main',
    group: 'u',
    handle: images,
  },
  {
    method: 'GET',
    path: '/imagestore/:name/image/:uuid',
    summary: 'Show an image of a repository',
    scope: 'main',
    group: 'u',
    handle: image,
  },
  {
    method: 'POST',
    path: '/imagestore/:name/image/:uuid',
    summary: 'Import an image from a repository',
    scope: 'main',
    group: 'u',
    handle: importOffer,
  },
]
