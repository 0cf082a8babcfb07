import { demandDirectory } from '../access.ts'
import type { Actor } from '../actor.ts'
import { lockedBlob, placesOf, removeBytes, storeFor, storeNamed } from '../bytes/blobs.ts'
import type { Core } from '../core.ts'
import { Failure } from '../failure.ts'
import { imagesBeingWorkedOn } from '../tasks/working.ts'
import { lockImage, saveImage } from './save.ts'

/** Taking images out of stores. */
export function storeRemoval(core: Core) {
  const { database } = core
  return {
    /**
     * Takes an active image out of one of the stores that hold it (glance.md section 14). Its bytes are one blob with
     * those of every image that has the same: they leave the store, too.
     * @throws Failure `conflict` (reason `store`), `not-found` (subject `store`: the image is not there), `forbidden`
     * (reason `role`, `read-only` or `last-store`), `state` (not active; reason `active-task`: an import works on it)
     */
    async remove(actor: Actor, store: string, uuid: string): Promise<void> {
      const removed = await database.transaction(async (trx) => {
        if (!storeNamed(core, store))
          throw new Failure('conflict', `Store for identifier ${store} not found`, {
            subject: 'store',
            id: store,
            reason: 'store',
          })
        const image = await lockImage(trx, core, actor, uuid, 'image.view')
        demandDirectory(actor)
        if (image.status !== 'active')
          throw new Failure('state', `Image ${image.uuid} is ${image.status} and not active.`, {
            subject: 'image',
            id: image.uuid,
            status: image.status,
          })
        const { blobId } = image
        if (blobId !== null) await lockedBlob(trx, core, 'id', blobId)
        const places = blobId === null ? [] : await placesOf(trx, blobId)
        const place = places.find((one) => one.store === store)
        if (!place)
          throw new Failure('not-found', `Image ${image.uuid} is not in store ${store}.`, {
            subject: 'store',
            id: store,
          })
        if (places.length === 1)
          throw new Failure('forbidden', 'Cannot delete image data from the only store containing it.', {
            subject: 'store',
            id: store,
            reason: 'last-store',
          })
        storeFor(core, store)
        if ((await imagesBeingWorkedOn(trx, [image.uuid])).has(image.uuid))
          throw new Failure('state', 'Image has active task', {
            subject: 'image',
            id: image.uuid,
            reason: 'active-task',
            status: image.status,
          })
        await trx.deleteFrom('blob_places').where('key', '=', place.key).execute()
        const copies = Math.max(1, (image.import?.copies ?? 1) - 1)
        const facts = image.import === null ? {} : { import: { ...image.import, copies } }
        const stores = places.map((one) => one.store)
        await saveImage(trx, core, actor, image, facts, 'remove-from-store', {
          before: { stores },
          after: { stores: stores.filter((name) => name !== store) },
        })
        return place
      })
      await removeBytes(core, [removed])
    },
  }
}
