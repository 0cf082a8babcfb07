import { demandPermission, imageNotFound } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Core } from '../core.ts'
import { Failure } from '../failure.ts'
import { normaliseUuid } from '../images/find.ts'
import type { Image } from '../images/image.ts'
import { repositoriesOf } from '../installation-settings.ts'
import { cachedOffer, cachedOffers, cachedRepositories, cachedUuids, urlIn } from './cache.ts'
import { importOffer, type OfferImport } from './imports.ts'
import { localOffer, localOffers, localRepository } from './local.ts'
import { addRepository, removeRepository } from './naming.ts'
import { type RefreshLimits, refreshRepository, usualLimits } from './refresh.ts'
import { type Offer, type Repository, repositoryNotFound } from './repository.ts'
import { type FoundOffer, type OfferQuery, searchOffers, withImages } from './search.ts'

/** How many repositories are read at once; each may hold its list in memory (see refresh.ts). */
const atOnce = 4

/**
 * Remote IMGAPI repositories by the names that the settings give them, with the lists that they had when they were last
 * read, and for administrators the images of this installation as one more (danube.md section 3). Everything here is for
 * those who may import images in some project.
 */
export function repositories(core: Core, limits: RefreshLimits = usualLimits) {
  const { db } = core.database

  async function local(actor: Actor): Promise<Repository | null> {
    return actor.superAdmin ? localRepository(core) : null
  }

  async function isLocal(actor: Actor, name: string): Promise<boolean> {
    // Nothing that the settings name begins with an underscore.
    return name.startsWith('_') && (await local(actor))?.name === name
  }

  async function urlOf(name: string): Promise<string> {
    return urlIn(await repositoriesOf(db), name)
  }

  return {
    /** In the order of their names, this installation last. @throws Failure `forbidden` */
    async list(actor: Actor): Promise<Repository[]> {
      const own = await local(actor)
      return [...(await this.remotes(actor)), ...(own ? [own] : [])]
    },

    /** The same without this installation. @throws Failure `forbidden` */
    async remotes(actor: Actor): Promise<Repository[]> {
      demandPermission(actor, 'image.import')
      return cachedRepositories(db, await repositoriesOf(db))
    },

    /** @throws Failure as `addRepository` */
    async add(actor: Actor, named: { readonly name: string; readonly url: string }): Promise<Repository> {
      await addRepository(core, actor, named)
      return this.view(actor, named.name)
    },

    /** @throws Failure as `removeRepository` */
    remove: (actor: Actor, name: string): Promise<void> => removeRepository(core, actor, name),

    /** @throws Failure `forbidden`, `not-found` */
    async view(actor: Actor, name: string): Promise<Repository> {
      const found = (await this.list(actor)).find((repository) => repository.name === name)
      if (!found) throw repositoryNotFound(name)
      return found
    },

    /**
     * Reads a repository's list anew; `failure` of the result says what went wrong there.
     * @throws Failure `forbidden`, `not-found`, `state` (reason `running`)
     */
    async refresh(actor: Actor, name: string): Promise<Repository> {
      demandPermission(actor, 'image.import')
      if (await isLocal(actor, name)) return this.view(actor, name)
      return refreshRepository(core, actor, name, limits)
    },

    /** The same for all of them. One that cannot be asked does not keep the others from being read. */
    async refreshAll(actor: Actor): Promise<Repository[]> {
      demandPermission(actor, 'image.import')
      const names = Object.keys(await repositoriesOf(db)).sort()
      const results: PromiseSettledResult<Repository>[] = []
      const left = names.entries()
      // Several take from the same list until it is empty.
      const take = async () => {
        for (const [place, name] of left)
          [results[place]] = await Promise.allSettled([refreshRepository(core, actor, name, limits)])
      }
      await Promise.all(Array.from({ length: atOnce }, take))
      const own = await local(actor)
      return [...results.map(refreshed), ...(own ? [own] : [])]
    },

    /** Newest first, by pages. @throws Failure `forbidden`, `not-found`, before the first of them is taken */
    async offers(actor: Actor, name: string): Promise<AsyncIterable<Offer>> {
      demandPermission(actor, 'image.import')
      if (await isLocal(actor, name)) return localOffers(core)
      return cachedOffers(db, name, await urlOf(name))
    },

    /** The same without the manifests. */
    async uuids(actor: Actor, name: string): Promise<AsyncIterable<string>> {
      demandPermission(actor, 'image.import')
      if (await isLocal(actor, name)) return uuidsOf(localOffers(core))
      return cachedUuids(db, name, await urlOf(name))
    },

    /** One page of what a remote repository offers. @throws Failure `forbidden`, `not-found` */
    async search(
      actor: Actor,
      name: string,
      query: OfferQuery,
    ): Promise<{ offers: FoundOffer[]; total: number }> {
      demandPermission(actor, 'image.import')
      const { offers, total } = await searchOffers(db, { name, url: await urlOf(name) }, query)
      return { offers: await withImages(db, actor, offers), total }
    },

    /** Which of the offers are in this catalogue. */
    marked: (actor: Actor, offers: readonly Offer[]): Promise<FoundOffer[]> => withImages(db, actor, offers),

    /**
     * Imports an image that a remote repository offers.
     * @throws Failure `forbidden`, `not-found`, `conflict` (reason `exists`), and as `importOffer`
     */
    async import(
      actor: Actor,
      name: string,
      uuid: string,
      said: OfferImport,
    ): Promise<{ image: Image; taskId: string }> {
      const offer = await this.offer(actor, name, uuid)
      await this.demandNew(offer.uuid, null)
      return importOffer(core, actor, { url: await urlOf(name), uuid: offer.uuid }, said)
    },

    /** @throws Failure `forbidden`, `not-found` (subject `repository` or `image`) */
    async offer(actor: Actor, name: string, uuid: string): Promise<Offer> {
      demandPermission(actor, 'image.import')
      const normal = normaliseUuid(uuid)
      const here = await isLocal(actor, name)
      const url = here ? '' : await urlOf(name)
      const found =
        normal === null
          ? undefined
          : here
            ? await localOffer(core, normal)
            : await cachedOffer(db, { name, url }, normal)
      if (!found) throw imageNotFound(uuid)
      return found
    },

    /**
     * What an import from a repository demands first (danube.md 3.4).
     * @param handle null: one that is free will be found
     * @throws Failure `conflict` (reason `exists`) when there is an image with the uuid or the handle
     */
    async demandNew(uuid: string, handle: string | null): Promise<void> {
      const taken = await db
        .selectFrom('images')
        .select('seq')
        .where('deleted', '=', 0)
        .where((where) =>
          where.or([where('uuid', '=', uuid), ...(handle === null ? [] : [where('handle', '=', handle)])]),
        )
        .limit(1)
        .executeTakeFirst()
      if (taken)
        throw new Failure('conflict', 'There is such an image already.', {
          subject: 'image',
          id: uuid,
          reason: 'exists',
        })
    },
  }
}

function refreshed(result: PromiseSettledResult<Repository>): Repository {
  if (result.status === 'rejected') throw result.reason
  return result.value
}

async function* uuidsOf(offers: AsyncIterable<Offer>): AsyncGenerator<string> {
  for await (const { uuid } of offers) yield uuid
}
