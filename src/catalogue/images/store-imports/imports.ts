import { demand, demandDirectory } from '../../access.ts'
import type { Actor } from '../../actor.ts'
import { placesOf } from '../../bytes/blobs.ts'
import { demandByteQuota, demandStagedQuota } from '../../bytes/quota.ts'
import { demandNoTransfer } from '../../bytes/transfers.ts'
import type { Core, Trx } from '../../core.ts'
import { Failure } from '../../failure.ts'
import { logDetail } from '../../tasks/log.ts'
import { taskChannel } from '../../tasks/task.ts'
import { imagesBeingWorkedOn } from '../../tasks/working.ts'
import { membersOf } from '../find.ts'
import type { Image } from '../image.ts'
import type { ImportMethod } from '../import-method.ts'
import { lockImage, saveImage } from '../save.ts'
import { withoutSecrets } from '../without-secrets.ts'
import { enqueueOn, workOn } from '../work.ts'
import type { StoreImportPayload } from './payload.ts'
import { chosenStores, demandFetchable, demandFitting, demandOther, type ImportRequest } from './request.ts'
import { storeImportWork } from './work.ts'

/** Imports of bytes into images that are there already, and into the stores that are named for them (glance.md 13). */
export function storeImports(core: Core) {
  const { database, settings } = core
  const methods = settings.importMethods.filter(
    // To copy from one store to another there must be two.
    (method) => method !== 'copy-image' || core.stores.all.length > 1,
  )

  return {
    /** The methods that are offered here. */
    methods,

    /**
     * Begins an import, with the checks of glance.md 13.2 in its order. From then on the image is `importing` (a copy: as
     * active as before), and nobody else can begin one until its task has ended.
     * @returns the task's id; null when there is nothing left to copy
     * @throws Failure `invalid`, `quota`, `not-found`, `state` (reason `active-task`: one is running), `forbidden`,
     * `conflict` (reason `store`)
     */
    async begin(actor: Actor, uuid: string, request: ImportRequest): Promise<string | null> {
      const taskId = await database.transaction(async (trx) => {
        // Already exceeded, that is: what the import itself takes is not known yet.
        await demandByteQuota(trx, core, actor.projectId, 0)
        await demandStagedQuota(trx, core, actor.projectId, 0)
        const image = await lockImage(trx, core, actor, uuid, 'image.view')
        return begun(trx, actor, image, request)
      })
      if (taskId !== null) await database.notify(taskChannel)
      return taskId
    },

    /** @throws Failure `invalid` (reason `uri`) for what the text of the address alone rules out */
    demandFetchable: (url: unknown) => demandFetchable(core, url),

    ...storeImportWork(core),
  }

  async function begun(trx: Trx, actor: Actor, image: Image, request: ImportRequest): Promise<string | null> {
    const { method, body, other, url } = request
    demandFitting(image, method)
    const from = method === 'glance-download' && other ? demandOther(other) : null
    await demandImporter(trx, actor, image, method)
    await demandIdleImage(trx, image)
    const held = new Set(
      image.blobId === null ? [] : (await placesOf(trx, image.blobId)).map(({ store }) => store),
    )
    const stores = chosenStores(core, request, held)
    if (stores.length === 0) return null
    const fetched = method === 'web-download' ? { url: demandFetchable(core, url) } : undefined
    await demandByteQuota(trx, core, image.ownerId, (image.size ?? 0) * stores.length)
    const payload: StoreImportPayload = {
      request: body,
      method,
      stores,
      allMustSucceed: request.allStoresMustSucceed,
      ...fetched,
      ...(from && other
        ? {
            other: { endpoint: other.endpoint, imageId: from.imageId },
            sealed: core.secrets.encrypt(other.token),
          }
        : {}),
    }
    const taskId = await enqueueOn(trx, actor, image, {
      kind: 'import-image',
      payload,
      work: workOn(image, 'Import image', logDetail({ method, url: fetched && withoutSecrets(fetched.url) })),
    })
    const copies = method === 'copy-image' ? (image.import?.copies ?? 1) + stores.length : stores.length
    const state = { taskId, importing: stores, failed: [], copies }
    const status = method === 'copy-image' ? {} : ({ status: 'importing', failure: null } as const)
    await saveImage(trx, core, actor, image, { import: state, ...status }, 'import')
    return taskId
  }
}

/** Copies between stores are the administrators' affair, everything else the project's. @throws Failure `forbidden` */
async function demandImporter(trx: Trx, actor: Actor, image: Image, method: ImportMethod): Promise<void> {
  if (method === 'copy-image') demandDirectory(actor)
  else demand(actor, 'image.update', image, await membersOf(trx, image))
}

/** @throws Failure `state` (reason `active-task`) */
async function demandIdleImage(trx: Trx, image: Image): Promise<void> {
  await demandNoTransfer(trx, image)
  if (!(await imagesBeingWorkedOn(trx, [image.uuid])).has(image.uuid)) return
  throw new Failure('state', 'Image has active task', {
    subject: 'image',
    id: image.uuid,
    reason: 'active-task',
    status: image.status,
  })
}
