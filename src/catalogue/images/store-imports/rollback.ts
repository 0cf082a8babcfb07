import { releaseBlob } from '../../bytes/blobs.ts'
import type { Rollback } from '../../tasks/rollback.ts'
import { findImage } from '../find.ts'
import { saveImage } from '../save.ts'
import { givenBack } from './describe.ts'
import type { StoreImportPayload } from './payload.ts'
import { dropSurplus } from './surplus.ts'

/**
 * An import that did not come through (glance.md 13.3): the image waits for its bytes again, as its project described it,
 * and tells which stores failed. What was active before stays so, without the copies that were made.
 */
export const rollBackStoreImport: Rollback = async (trx, core, actor, task, reason) => {
  if (core.database.engine === 'postgres')
    await trx.selectFrom('images').select('seq').where('uuid', '=', task.imageUuid!).forUpdate().execute()
  const image = await findImage(trx, task.imageUuid!)
  if (!image || image.status === 'deleted' || image.import?.taskId !== task.id) return async () => {}
  const payload = task.payload as StoreImportPayload
  const { importing, failed, copies } = image.import
  await trx.deleteFrom('transfers').where('image_seq', '=', image.seq).execute()
  const done = payload.stores.filter((name) => !importing.includes(name) && !failed.includes(name))
  // Where no store is to blame, none of them has got what it should have.
  const ended = { taskId: null, importing: [], failed: failed.length > 0 ? failed : importing }
  if (image.status !== 'importing') {
    const { method, stores, allMustSucceed } = payload
    const undone = method === 'copy-image' && allMustSucceed ? done : []
    const left = Math.max(1, copies - importing.length - undone.length)
    await saveImage(trx, core, actor, image, { import: { ...ended, copies: left } }, 'import-failed')
    const isStaging = (store: string) => method !== 'copy-image' && !stores.includes(store)
    return dropSurplus(trx, core, image, ({ store }) => undone.includes(store) || isStaging(store))
  }
  await saveImage(
    trx,
    core,
    actor,
    image,
    {
      status: 'queued',
      size: null,
      virtualSize: null,
      digests: { md5: null, sha1: null, sha256: null, sha512: null },
      blobId: null,
      failure: reason,
      import: { ...ended, copies: 1 },
      ...(payload.taken ? givenBack(image, payload.taken) : {}),
    },
    'import-failed',
  )
  return image.blobId === null ? async () => {} : releaseBlob(trx, core, image.blobId)
}
