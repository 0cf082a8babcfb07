import type { ByteRange } from '../../store/store.ts'
import { demand } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Core } from '../core.ts'
import { Failure } from '../failure.ts'
import { membersOf } from '../images/find.ts'
import type { Image } from '../images/image.ts'
import { hasBytes } from '../images/image.ts'
import { remoteBytes } from '../images/locations/bytes.ts'
import { remoteLocationsOf } from '../images/locations/location.ts'
import { nearestPlace, placesOf } from './blobs.ts'

export type ServeOptions = {
  /** `served`: the bytes are wanted although the image was deactivated, e.g. by what was made from it. */
  readonly withdrawn?: 'refused' | 'served'
  /** Names of the stores to read from, best first; by default in the order of the settings. */
  readonly prefer?: readonly string[]
}

export type Served = {
  readonly image: Image
  /** Bytes. */
  readonly size: number
  read(range?: ByteRange): AsyncIterable<Uint8Array>
}

/** Where images' bytes are, and how they are read. */
export function serving(core: Core) {
  const { database } = core
  const fromElsewhere = remoteBytes(core)

  return {
    /**
     * Which stores hold the bytes of these images, by uuid, names sorted. Empty for an installation with one store,
     * which is never named on any wire (one-catalogue.md section 5).
     */
    async storesOf(images: readonly Image[]): Promise<ReadonlyMap<string, readonly string[]>> {
      const blobs = images.flatMap(({ blobId }) => (blobId === null ? [] : [blobId]))
      if (core.stores.all.length < 2 || blobs.length === 0) return new Map()
      const rows = await database.db
        .selectFrom('blob_places')
        .select(['blob_id', 'store'])
        .where('blob_id', 'in', blobs)
        .orderBy('store')
        .execute()
      const places = Map.groupBy(rows, (row) => row.blob_id)
      return new Map(
        images.map(({ uuid, blobId }) => [uuid, (places.get(blobId ?? '') ?? []).map((row) => row.store)]),
      )
    },

    /**
     * An image's bytes for sending. Which statuses may be read is the face's to word: `state` carries the status.
     * @throws Failure `not-found`, `forbidden`, `state` (no bytes yet, or deactivated for one who is no administrator),
     * `data-lost` (no store holds them). Reading what another server keeps may throw the last as well, and `busy`.
     */
    async serve(
      actor: Actor,
      image: Image,
      { withdrawn = 'refused', prefer = [] }: ServeOptions = {},
    ): Promise<Served> {
      demand(actor, 'image.download', image, await membersOf(database.db, image))
      const isRefused = image.status === 'deactivated' && !actor.superAdmin && withdrawn === 'refused'
      if (!hasBytes(image.status) || isRefused)
        throw new Failure('state', `Cannot download image in ${image.status} status.`, {
          subject: 'image',
          id: image.uuid,
          status: image.status,
        })
      const places = image.blobId === null ? [] : await placesOf(database.db, image.blobId)
      const place = nearestPlace(core, places, prefer)
      const elsewhere = image.blobId === null ? await remoteLocationsOf(database.db, image) : []
      if (elsewhere.length > 0)
        return { image, size: image.size!, read: (range) => fromElsewhere(image, elsewhere, range) }
      if (!place)
        throw new Failure('data-lost', 'No store holds the bytes of this image.', {
          subject: 'image',
          id: image.uuid,
        })
      return { image, size: image.size!, read: (range) => place.store.read(place.key, range) }
    },
  }
}
