import { setTimeout as delay } from 'node:timers/promises'
import type { Actor } from '../actor.ts'
import { record } from '../audit.ts'
import type { Core, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import { mainProjectId } from '../images/cleanup.ts'
import { repositoriesOf } from '../installation-settings.ts'
import { logDetail, logDone } from '../tasks/log.ts'
import { now, second } from '../time.ts'
import { cachedRepositories, replaceOffers, urlIn } from './cache.ts'
import { readOffers } from './offers.ts'
import { below, type Offer, type Repository, repositoryAgent } from './repository.ts'

export type RefreshLimits = {
  /** For the whole answer, redirects included. Milliseconds. */
  readonly answerMs: number
  /** How long somebody else's refresh of the same repository is waited for. Milliseconds. */
  readonly waitMs: number
}

export const usualLimits: RefreshLimits = { answerMs: 20_000, waitMs: 60_000 }

/**
 * A list is held in memory as a whole, together with what it is parsed into: at most this many bytes, once for each
 * repository, of which there are few and which an administrator names.
 */
const maxBytes = 10 * 2 ** 20

/** What a crashed process was reading may be read by another after this; a living one is done by then, or gives up. */
const leaseMs = 40_000
const pollMs = 200

/**
 * Reads the list of a repository anew (danube.md 3.2). What went wrong there is told by `failure` of the result, and
 * the old list stays.
 * @throws Failure `not-found`; `state` (reason `running`) when somebody else reads it and does not come to an end
 */
export async function refreshRepository(
  core: Core,
  actor: Actor,
  name: string,
  limits: RefreshLimits,
): Promise<Repository> {
  const { url, until } = await lease(core, name, limits)
  const found = await fetched(core, url, limits)
  return core.database.transaction(async (trx) => {
    const named = await repositoriesOf(trx)
    // Whoever has the repository meanwhile, or whatever URL it has now: this is not its list.
    const mine = await trx
      .updateTable('repositories')
      .set({ refreshing_until: null, failure: found.failure })
      .where('name', '=', name)
      .where('url', '=', urlIn(named, name))
      .where('refreshing_until', '=', until)
      .executeTakeFirst()
    if (Number(mine.numUpdatedRows) === 0) throw running(name)
    if (found.failure === null) {
      await replaceOffers(trx, name, found.offers)
      await trx
        .updateTable('repositories')
        .set({ refreshed_at: now(), image_count: found.offers.length })
        .where('name', '=', name)
        .execute()
    }
    const repository = (await cachedRepositories(trx, named)).find((one) => one.name === name)!
    await tell(trx, actor, repository)
    return repository
  })
}

type Found = { readonly offers: readonly Offer[]; readonly failure: null } | { readonly failure: string }

/** Asks the server. Everything that can go wrong there is part of the result. */
async function fetched(core: Core, url: string, { answerMs }: RefreshLimits): Promise<Found> {
  try {
    const document = await core.remote.document(below(url, 'images'), {
      maxBytes,
      timeoutMs: answerMs,
      userAgent: repositoryAgent,
    })
    return { offers: readOffers(document), failure: null }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { failure: error.message }
  }
}

/** Makes this the one refresh of the repository under way, in all processes. */
async function lease(
  core: Core,
  name: string,
  { waitMs }: RefreshLimits,
): Promise<{ url: string; until: number }> {
  const givenUp = performance.now() + waitMs
  for (;;) {
    const leased = await core.database.transaction(async (trx) => {
      const named = await repositoriesOf(trx)
      const url = urlIn(named, name)
      // What was read from another URL is of no use any more (danube.md 3.2).
      await trx.deleteFrom('repositories').where('name', '=', name).where('url', '<>', url).execute()
      const none = { refreshed_at: null, image_count: 0, failure: null, refreshing_until: null }
      await trx
        .insertInto('repositories')
        .values({ name, url, ...none })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      const at = now()
      const until = at + (leaseMs / 1000) * second
      const taken = await trx
        .updateTable('repositories')
        .set({ refreshing_until: until })
        .where('name', '=', name)
        .where('url', '=', url)
        .where((where) =>
          where.or([where('refreshing_until', 'is', null), where('refreshing_until', '<', at)]),
        )
        .executeTakeFirst()
      return Number(taken.numUpdatedRows) === 1 ? { url, until } : null
    })
    if (leased) return leased
    if (performance.now() >= givenUp) throw running(name)
    await delay(Math.min(pollMs, waitMs))
  }
}

function running(name: string): Failure {
  return new Failure('state', `The repository "${name}" is being read already.`, {
    subject: 'repository',
    id: name,
    reason: 'running',
  })
}

async function tell(trx: Trx, actor: Actor, { name, url, imageCount, failure }: Repository): Promise<void> {
  const after = failure === null ? { images: imageCount } : { failure }
  await record(trx, actor, { action: 'refresh', kind: 'repository', id: name, after })
  const detail =
    failure === null ? logDetail({ url, image_count: imageCount }) : logDetail({ url, error: failure })
  await logDone(
    trx,
    actor,
    {
      message: 'Refresh image repository',
      detail,
      object: { type: 'imagestore', id: name, name, alias: name, ownerUserId: null },
      projectId: mainProjectId,
      bound: false,
    },
    failure === null ? 'succeeded' : 'failed',
  )
}
