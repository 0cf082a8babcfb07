import type { Core, Query, Trx } from '../../core.ts'
import { hasBytes, type Image } from '../image.ts'

export type Metadata = Readonly<Record<string, unknown>>

/** A place outside of the stores that has an image's bytes. */
export type RemoteLocation = { readonly url: string; readonly metadata: Metadata }

/** `own`: one of the stores. It is shown, and nobody can fetch from its URL: where a store keeps its bytes is its own affair. */
export type ImageLocation = RemoteLocation & { readonly own: boolean }

/** All places of an image's bytes in the order in which they are shown: the stores, then the others. */
export async function locationsOf(query: Query, core: Core, image: Image): Promise<readonly ImageLocation[]> {
  return (await locationsOfAll(query, core, [image])).get(image.uuid)!
}

/** The same for many, by uuid. */
export async function locationsOfAll(
  query: Query,
  core: Core,
  images: readonly Image[],
): Promise<ReadonlyMap<string, readonly ImageLocation[]>> {
  const complete = images.filter(({ status }) => hasBytes(status))
  const stores = await storesOfBlobs(query, core, complete)
  const remote = await remoteRows(query, complete)
  return new Map(
    images.map((image) => {
      const own = (stores.get(image.blobId ?? '') ?? []).map((store) => ownLocation(core, image, store))
      const others = (remote.get(image.seq) ?? []).map((location) => ({ ...location, own: false }))
      return [image.uuid, hasBytes(image.status) ? [...own, ...others] : []]
    }),
  )
}

/** Where an image's bytes are outside of the stores, in their order. */
export async function remoteLocationsOf(query: Query, image: Image): Promise<readonly RemoteLocation[]> {
  return (await remoteRows(query, [image])).get(image.seq) ?? []
}

/** Replaces what `remoteLocationsOf` reads. */
export async function writeRemoteLocations(
  trx: Trx,
  image: Image,
  locations: readonly RemoteLocation[],
): Promise<void> {
  await trx.deleteFrom('image_locations').where('image_seq', '=', image.seq).execute()
  if (locations.length === 0) return
  await trx
    .insertInto('image_locations')
    .values(
      locations.map(({ url, metadata }, place) => ({
        image_seq: image.seq,
        place,
        url,
        metadata_json: JSON.stringify(metadata),
      })),
    )
    .execute()
}

/** A single store is never named on any wire (one-catalogue.md section 5). */
function ownLocation(core: Core, { uuid }: Image, store: string): ImageLocation {
  return core.stores.all.length === 1
    ? { url: `imageport:///${uuid}`, metadata: {}, own: true }
    : { url: `imageport://${store}/${uuid}`, metadata: { store }, own: true }
}

async function storesOfBlobs(
  query: Query,
  core: Core,
  images: readonly Image[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const blobs = images.flatMap(({ blobId }) => (blobId === null ? [] : [blobId]))
  if (blobs.length === 0) return new Map()
  const rows = await query
    .selectFrom('blob_places')
    .select(['blob_id', 'store'])
    .where('blob_id', 'in', blobs)
    .execute()
  const order = core.stores.all.map(({ store }) => store.name)
  const places = Map.groupBy(
    rows.filter(({ store }) => order.includes(store)),
    (row) => row.blob_id,
  )
  return new Map(
    [...places].map(([blob, found]) => [
      blob,
      found.map(({ store }) => store).sort((a, b) => order.indexOf(a) - order.indexOf(b)),
    ]),
  )
}

async function remoteRows(
  query: Query,
  images: readonly Image[],
): Promise<ReadonlyMap<number, readonly RemoteLocation[]>> {
  if (images.length === 0) return new Map()
  const rows = await query
    .selectFrom('image_locations')
    .selectAll()
    .where(
      'image_seq',
      'in',
      images.map(({ seq }) => seq),
    )
    .orderBy('image_seq')
    .orderBy('place')
    .execute()
  const byImage = Map.groupBy(rows, (row) => row.image_seq)
  return new Map(
    [...byImage].map(([seq, found]) => [
      seq,
      found.map(({ url, metadata_json }) => ({ url, metadata: JSON.parse(metadata_json) as Metadata })),
    ]),
  )
}
