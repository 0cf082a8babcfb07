import type { Received } from '../../store/store.ts'
import type { Actor } from '../actor.ts'
import { record } from '../audit.ts'
import type { Core, Trx } from '../core.ts'
import { Failure, isFailure } from '../failure.ts'
import { completeImage } from '../images/complete.ts'
import type { ImageDraft } from '../images/draft.ts'
import { findImage } from '../images/find.ts'
import type { Image, Status } from '../images/image.ts'
import { demandMove } from '../images/image.ts'
import { insertImage } from '../images/insert.ts'
import { lockImage, saveImage } from '../images/save.ts'
import { now } from '../time.ts'
import {
  allowanceLeft,
  demandAllowance,
  demandImageSize,
  demandRoom,
  type Going,
  whichLimit,
} from './allowance.ts'
import { keepBlob, newBlobId, releaseBlob, storeFor } from './blobs.ts'
import { demandAnnounced, demandFormats, digestsFor, type Expectations } from './expected.ts'
import type { Finding } from './formats/finding.ts'
import { inspector } from './formats/inspect.ts'
import { demandHarmless, formatsOf, type Judgement, judge } from './formats/judge.ts'
import { demandUploadQuota } from './quota.ts'
import type { TransferSlots } from './slots.ts'
import { abandonTransfer, beginTransfer, demandNoTransfer, type Fallback, ownsTransfer } from './transfers.ts'

export type ReceiveOptions = Expectations & {
  /** What a failure leaves behind: `queued` (may be tried again) or `killed`. */
  readonly fallback: Fallback
  /** The status while bytes arrive. */
  readonly during?: 'saving' | 'importing' | 'uploading'
  /** `staged`: the image stays in the status of `during` with its bytes, and something else makes it active. */
  readonly keep?: 'active' | 'staged'
  /** Bytes that wait (status `uploading`) can be replaced, unless they come only `once`. */
  readonly staged?: 'once'
  /** How many stores will hold the bytes in the end. Default: the one that receives them. */
  readonly copies?: number
  readonly store?: string
  readonly progress?: (bytes: number) => void
  readonly signal?: AbortSignal
  /** Runs after the checks and before the first byte is read, e.g. to answer `Expect: 100-continue`. */
  readonly begun?: () => void
  /** More to do in the transaction that makes the image active. */
  readonly complete?: (trx: Trx, image: Image) => Promise<void>
}

/** What the bytes tell of the image. */
type Content = Judgement & { readonly diskFormat?: string; readonly containerFormat?: string }

/** How images' bytes arrive. */
export function receiving(core: Core, slots: TransferSlots) {
  const { database, settings } = core

  /** Checks and marks the beginning of a transfer, in one transaction. */
  async function begin(
    actor: Actor,
    target: string | ImageDraft,
    blobId: string,
    store: string,
    options: ReceiveOptions,
  ): Promise<Image> {
    return database.transaction(async (trx) => {
      const image =
        typeof target === 'string'
          ? await lockImage(trx, core, actor, target, 'image.update')
          : await insertImage(trx, core, actor, target)
      const during: Status = options.during ?? 'saving'
      // A task that is run again finds its image importing already.
      const isAgain = image.status === during && during !== 'saving' && options.staged !== 'once'
      if (!isAgain) demandMove(image.uuid, image.status, during)
      if (during === 'uploading') await demandNoTransfer(trx, image)
      demandFormats(image, options)
      if (!isAgain && during !== 'importing') await demandUploadQuota(trx, core, image.ownerId)
      if (options.announced) await demandAllowance(trx, core, image, options.announced, goingOf(options))
      const moved =
        image.status === during
          ? image
          : await saveImage(trx, core, actor, image, { status: during, failure: null }, 'transfer')
      await beginTransfer(trx, core, moved, blobId, store, options.fallback)
      return moved
    })
  }

  /** Makes the received bytes the image's; the returned function drops what is not needed, after the commit. */
  async function finish(
    actor: Actor,
    uuid: string,
    blobId: string,
    store: string,
    received: Received,
    finding: Finding,
    options: ReceiveOptions,
  ): Promise<{ image: Image; dropped: boolean; freed: () => Promise<void> }> {
    return database.transaction(async (trx) => {
      if (database.engine === 'postgres')
        await trx.selectFrom('images').select('seq').where('uuid', '=', uuid).forUpdate().execute()
      const image = await findImage(trx, uuid)
      if (!image || !(await ownsTransfer(trx, image, blobId))) throw vanished(uuid)
      // By what the image says now: an import's formats can be changed while its bytes arrive.
      demandFormats(image, options)
      const { warning, ...content } = contentOf(finding, image, options)
      await demandAllowance(trx, core, image, received.size, goingOf(options))
      const kept = await keepBlob(trx, core, { store, key: blobId }, received)
      const { md5, sha1, sha256, sha512 } = received.digests
      const change = {
        ...content,
        size: received.size,
        digests: { md5: md5!, sha1: sha1!, sha256: sha256 ?? null, sha512: sha512! },
        blobId: kept.blobId,
        failure: null,
      }
      await trx.deleteFrom('transfers').where('image_seq', '=', image.seq).execute()
      const action = 'bytes-received'
      const saved =
        options.keep === 'staged'
          ? await saveImage(trx, core, actor, image, change, action)
          : await completeImage(
              trx,
              core,
              actor,
              image,
              { ...change, publishedAt: image.publishedAt ?? now() },
              action,
            )
      if (warning !== null)
        await record(trx, actor, { action: 'content-warning', kind: 'image', id: uuid, after: { warning } })
      await options.complete?.(trx, saved)
      const replaced = image.blobId !== null && image.blobId !== kept.blobId ? image.blobId : null
      const freed = replaced === null ? async () => {} : await releaseBlob(trx, core, replaced)
      return { image: saved, dropped: !kept.added, freed }
    })
  }

  /** What the bytes are, as far as they tell. @throws Failure `content` when they are hostile or not what was declared. */
  function contentOf(finding: Finding, image: Image, options: ReceiveOptions): Content {
    const found = options.formats === 'found' ? formatsOf(finding) : {}
    // Half of a declaration says nothing yet.
    const open = options.formats === 'later' && !isDeclared(image) ? { diskFormat: null } : {}
    return { ...found, ...judge(finding, { ...image, ...found, ...open }, settings.formatCheck) }
  }

  return {
    /** How many transfers this process is receiving now. */
    running: slots.taken,

    /**
     * Receives an image's bytes: checks, streams them into a store with digests and inspection, and makes the image
     * active in one transaction. After any failure the image is in the `fallback` status and no bytes remain.
     * @param target the uuid of an image that waits for its bytes, or the description of a new one, which then exists
     * from the moment its transfer begins: a crash cannot leave it waiting for ever
     * @throws Failure `not-found`, `forbidden`, `state`, `invalid` (reason `formats`: none set), `quota`, `busy`
     * (reason `transfers`), `too-large`, `no-space`, `content` (hostile or mismatching), `interrupted`, `gone`
     * (deleted meanwhile), `invalid` (reason `digest`: not the expected one; `length`: not the announced bytes).
     */
    async receive(
      actor: Actor,
      target: string | ImageDraft,
      source: AsyncIterable<Uint8Array>,
      options: ReceiveOptions,
    ): Promise<Image> {
      const announced = options.announced ?? 0
      demandImageSize(core, announced)
      const store = storeFor(core, options.store)
      return slots.occupy(async () => {
        await demandRoom(core, store, announced)
        const blobId = newBlobId()
        const image = await begin(actor, target, blobId, store.name, options)
        let left: number | null = null
        try {
          options.begun?.()
          left = await allowanceLeft(database.db, core, image, goingOf(options))
          const maxBytes = smallest(settings.maxImageBytes, left)
          const inspection = inspector()
          let finding!: Finding
          const received = await store.receive(blobId, source, {
            digests: digestsFor(options.expected),
            ...(maxBytes === null ? {} : { maxBytes }),
            inspect: (chunk) => inspection.write(chunk),
            accept: (done) => {
              demandAnnounced(options, done)
              finding = inspection.finish()
              demandHarmless(finding)
            },
            ...(options.progress ? { progress: options.progress } : {}),
            ...(options.signal ? { signal: options.signal } : {}),
          })
          try {
            const done = await finish(actor, image.uuid, blobId, store.name, received, finding, options)
            if (done.dropped) await store.delete(blobId)
            await done.freed()
            return done.image
          } catch (error) {
            await store.delete(blobId)
            throw error
          }
        } catch (thrown) {
          const error = whichLimit(thrown, settings.maxImageBytes, left, goingOf(options))
          await abandonTransfer(core, actor, image.uuid, blobId, reasonOf(error))
          throw error
        }
      })
    },
  }
}

function goingOf({ during = 'saving', copies = 1 }: ReceiveOptions): Going {
  return { during, copies }
}

function isDeclared({ diskFormat, containerFormat }: Image): boolean {
  return diskFormat !== null && containerFormat !== null
}

function smallest(...limits: (number | null)[]): number | null {
  const known = limits.filter((limit) => limit !== null)
  return known.length === 0 ? null : Math.min(...known)
}

function vanished(uuid: string): Failure {
  return new Failure(
    'gone',
    `Image ${uuid} could not be found after upload. The image may have been deleted during the upload.`,
    {
      subject: 'image',
      id: uuid,
    },
  )
}

/** What is written beside the image about why its transfer failed; unknown errors keep their inner details. */
function reasonOf(error: unknown): string {
  return isFailure(error) ? error.message : 'The transfer failed.'
}
