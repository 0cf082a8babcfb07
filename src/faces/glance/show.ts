import type { Image } from '../../catalogue/images/image.ts'
import type { Context } from './route.ts'
import { toWire } from './wire.ts'

/** Images as this wire shows them, with what stands beside them in the catalogue. */
export async function showAll({ parts }: Context, images: readonly Image[]): Promise<object[]> {
  const stores = await parts.catalogue.bytes.storesOf(images)
  return images.map((image) => toWire(image, { stores: stores.get(image.uuid) ?? [] }))
}

export async function show(context: Context, image: Image): Promise<object> {
  const [shown] = await showAll(context, [image])
  return shown!
}
