import { sql } from 'kysely'
import { allows } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Query } from '../core.ts'
import { fold } from '../fold.ts'
import { membersOf } from '../images/find.ts'
import type { Image } from '../images/image.ts'
import { selectImages } from '../images/list.ts'
import { type SelectedImage, toImage } from '../images/row.ts'
import { likePattern } from '../pattern.ts'
import { kept } from './cache.ts'
import type { Offer } from './repository.ts'

export const offerOrders = ['published', 'name', 'size'] as const
export type OfferOrder = (typeof offerOrders)[number]

export type OfferQuery = {
  /** Occurs in name, version, description or uuid, whatever its case. */
  readonly text?: string | undefined
  readonly type?: string | undefined
  readonly os?: string | undefined
  readonly order: { readonly by: OfferOrder; readonly descending: boolean }
  readonly offset: number
  readonly limit: number
}

/** An offered image, and whether it is in this catalogue already. */
export type FoundOffer = Offer & {
  readonly present: boolean
  /** The image with its uuid here; null also where the actor may not see it. */
  readonly image: Image | null
}

const columns = { published: 'published', name: 'name_fold', size: 'size' } as const

/**
 * One page of what a repository offers. A text is looked for in the order of the list: a repository is 10 MiB at most
 * (see refresh.ts), however large the catalogue is.
 */
export async function searchOffers(
  query: Query,
  { name, url }: { readonly name: string; readonly url: string },
  { text = '', type, os, order, offset, limit }: OfferQuery,
): Promise<{ offers: Offer[]; total: number }> {
  let rows = kept(query, name, url)
  if (text !== '')
    rows = rows.where(
      sql<boolean>`repository_images.search_text like ${likePattern(['', fold(text), ''])} escape '\\'`,
    )
  if (type !== undefined) rows = rows.where('repository_images.type', '=', type)
  if (os !== undefined) rows = rows.where('repository_images.os', '=', os)
  const { total } = await rows
    .select((select) => select.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow()
  const direction = order.descending ? 'desc' : 'asc'
  const page = await rows
    .select(['repository_images.uuid', 'manifest_json'])
    .orderBy(`repository_images.${columns[order.by]}`, direction)
    .orderBy('repository_images.uuid', direction)
    .limit(limit)
    .offset(offset)
    .execute()
  return {
    offers: page.map(({ uuid, manifest_json }) => ({ uuid, manifest: JSON.parse(manifest_json) })),
    total: Number(total),
  }
}

/** Marks the offers that are in this catalogue. */
export async function withImages(
  query: Query,
  actor: Actor,
  offers: readonly Offer[],
): Promise<FoundOffer[]> {
  const uuids = offers.map(({ uuid }) => uuid)
  const rows =
    uuids.length === 0
      ? []
      : await selectImages(query).where('images.uuid', 'in', uuids).where('images.deleted', '=', 0).execute()
  const images = new Map(rows.map((row) => toImage(row as SelectedImage)).map((image) => [image.uuid, image]))
  return Promise.all(
    offers.map(async (offer) => {
      const image = images.get(offer.uuid)
      if (!image) return { ...offer, present: false, image: null }
      const isVisible = allows(actor, 'image.view', image, await membersOf(query, image))
      return { ...offer, present: true, image: isVisible ? image : null }
    }),
  )
}
