import { setImmediate as turn } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Query, Trx } from '../core.ts'
import { upgraded } from '../manifests/upgrade.ts'
import { offerColumns } from './offer-facts.ts'
import { sortableDate } from './offers.ts'
import { type Offer, type Repository, repositoryNotFound } from './repository.ts'

/** How many rows are read or written at once. All manifests of a repository together are 10 MiB at most. */
export const pageSize = 200

/** Repository name → URL, as the settings say. */
export type Named = Readonly<Record<string, string>>

/** @throws Failure `not-found` */
export function urlIn(named: Named, name: string): string {
  const url = Object.hasOwn(named, name) ? named[name] : undefined
  if (url === undefined) throw repositoryNotFound(name)
  return url
}

/** Repositories in the order of their names. What was read from another URL than the present one is not shown. */
export async function cachedRepositories(query: Query, named: Named): Promise<Repository[]> {
  const rows = await query.selectFrom('repositories').selectAll().execute()
  return Object.entries(named)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, url]) => {
      const row = rows.find((row) => row.name === name && row.url === url)
      return {
        name,
        url,
        refreshedAt: row?.refreshed_at ?? null,
        imageCount: row?.image_count ?? 0,
        failure: row?.failure ?? null,
      }
    })
}

/** Replaces the list of a repository that has a row. */
export async function replaceOffers(trx: Trx, repository: string, offers: readonly Offer[]): Promise<void> {
  await trx.deleteFrom('repository_images').where('repository', '=', repository).execute()
  for (let at = 0; at < offers.length; at += pageSize) {
    // SQLite works in this thread: requests that need no database are answered between two pages.
    await turn()
    await trx
      .insertInto('repository_images')
      .values(
        offers.slice(at, at + pageSize).map(({ uuid, manifest }) => ({
          repository,
          uuid,
          published: sortableDate(upgraded(manifest).published_at),
          manifest_json: JSON.stringify(manifest),
          ...offerColumns({ uuid, manifest }),
        })),
      )
      .execute()
  }
}

export async function cachedOffer(
  query: Query,
  { name, url }: { readonly name: string; readonly url: string },
  uuid: string,
): Promise<Offer | undefined> {
  const row = await kept(query, name, url)
    .select('manifest_json')
    .where('repository_images.uuid', '=', uuid)
    .executeTakeFirst()
  return row && { uuid, manifest: JSON.parse(row.manifest_json) }
}

type Place = { readonly uuid: string; readonly published: string }

/**
 * Newest first, read by pages while somebody takes them. A refresh in between goes on at the same place of the new
 * list, so that nothing comes twice.
 */
export async function* cachedOffers(query: Query, name: string, url: string): AsyncGenerator<Offer> {
  for await (const row of paged((after: Place | undefined) =>
    page(query, name, url, after).select(['repository_images.uuid', 'published', 'manifest_json']).execute(),
  ))
    yield { uuid: row.uuid, manifest: JSON.parse(row.manifest_json) }
}

/** The same without their manifests. */
export async function* cachedUuids(query: Query, name: string, url: string): AsyncGenerator<string> {
  for await (const row of paged((after: Place | undefined) =>
    page(query, name, url, after).select(['repository_images.uuid', 'published']).execute(),
  ))
    yield row.uuid
}

/** All rows of a list that is read page by page, each after the last row of the one before. */
export async function* paged<Row>(
  read: (after: Row | undefined) => Promise<readonly Row[]>,
): AsyncGenerator<Row> {
  let after: Row | undefined
  for (;;) {
    const rows = await read(after)
    yield* rows
    if (rows.length < pageSize) return
    after = rows.at(-1)
  }
}

function page(query: Query, name: string, url: string, after: Place | undefined) {
  const rows = kept(query, name, url)
    .orderBy('published', 'desc')
    .orderBy('repository_images.uuid', 'desc')
    .limit(pageSize)
  return after === undefined
    ? rows
    : rows.where(
        sql<boolean>`(repository_images.published, repository_images.uuid) < (${after.published}, ${after.uuid})`,
      )
}

/** What was read from this URL, and from no earlier one of the same name. */
export function kept(query: Query, name: string, url: string) {
  return query
    .selectFrom('repository_images')
    .where('repository_images.repository', '=', name)
    .where((where) =>
      where.exists(
        where
          .selectFrom('repositories')
          .select('repositories.name')
          .where('repositories.name', '=', name)
          .where('repositories.url', '=', url),
      ),
    )
}
