import { sql } from 'kysely'
import type { Core } from '../core.ts'
import { imageServer } from '../image-server.ts'
import { findImage } from '../images/find.ts'
import type { Image } from '../images/image.ts'
import { selectImages } from '../images/list.ts'
import { type SelectedImage, toImage } from '../images/row.ts'
import type { JsonObject } from '../manifests/manifest.ts'
import { manifestOf } from '../manifests/write.ts'
import { now } from '../time.ts'
import { paged, pageSize } from './cache.ts'
import type { Offer, Repository } from './repository.ts'

/**
 * The images of this installation, shown to administrators as one more repository (danube.md section 3). It is always up
 * to date. Null where the image server is switched off, or is a machine that does not exist.
 */
export async function localRepository(core: Core): Promise<Repository | null> {
  const { state, name, uuid, address } = await imageServer(core).view()
  if (name === null || (state === 'unavailable' && uuid === null)) return null
  const { db } = core.database
  const { images } = await db
    .selectFrom('image_counts')
    .select(sql<number>`coalesce(sum(images), 0)`.as('images'))
    .where('status', '=', 'active')
    .executeTakeFirstOrThrow()
  return {
    name: `_${name.toLowerCase()}`,
    url: address === null ? null : `http://${address}`,
    refreshedAt: now(),
    imageCount: Number(images),
    failure: null,
  }
}

export async function localOffer({ database: { db } }: Core, uuid: string): Promise<Offer | undefined> {
  const image = await findImage(db, uuid)
  return image?.status === 'active' ? offerOf(image) : undefined
}

/** Newest first, read by pages while somebody takes them. */
export async function* localOffers({ database: { db } }: Core): AsyncGenerator<Offer> {
  for await (const image of paged((after: Image | undefined) => page(after))) yield offerOf(image)

  async function page(after: Image | undefined): Promise<Image[]> {
    let rows = selectImages(db)
      .where('images.deleted', '=', 0)
      .where('images.status', '=', 'active')
      .where('images.published_at', 'is not', null)
      .orderBy('images.published_at', 'desc')
      .orderBy('images.uuid', 'desc')
      .limit(pageSize)
    if (after)
      rows = rows.where(
        sql<boolean>`(images.published_at, images.uuid) < (${after.publishedAt}, ${after.uuid})`,
      )
    return (await rows.execute()).map((row) => toImage(row as SelectedImage))
  }
}

function offerOf(image: Image): Offer {
  const manifest = manifestOf(image, { owner: 'zero', acl: [], icon: false, channels: null })
  return { uuid: image.uuid, manifest: manifest as JsonObject }
}
