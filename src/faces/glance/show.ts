import type { Image } from '../../catalogue/images/image.ts'
import { locationsOf, toWireLocation } from './locations.ts'
import type { Context } from './route.ts'
import { toWire } from './wire.ts'

/** What of a request decides how images are shown. */
export type Viewer = Pick<Context, 'parts' | 'options' | 'actor'>

/** Images as this wire shows them, with what stands beside them in the catalogue. */
export async function showAll(context: Viewer, images: readonly Image[]): Promise<object[]> {
  const stores = await context.parts.catalogue.bytes.storesOf(images)
  const locations = await locationsOf(context, images)
  return images.map((image) =>
    toWire(image, {
      stores: stores.get(image.uuid) ?? [],
      several: context.parts.catalogue.stores.several,
      locations: locations?.get(image.uuid)?.map(toWireLocation),
    }),
  )
}

export async function show(context: Viewer, image: Image): Promise<object> {
  const [shown] = await showAll(context, [image])
  return shown!
}
