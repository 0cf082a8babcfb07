import { demand, demandIn } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { bytes as bytesOf } from '../bytes/bytes.ts'
import { demandByteQuota } from '../bytes/quota.ts'
import { demandNoTransfer } from '../bytes/transfers.ts'
import type { Core, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import { completeImage } from '../images/complete.ts'
import { membersOf } from '../images/find.ts'
import { demandHeldHere, hasBytes, type Image } from '../images/image.ts'
import { insertImage } from '../images/insert.ts'
import { demandUnprotected } from '../images/protection.ts'
import { lockImage, removeLocked, saveImage } from '../images/save.ts'
import { demandUnused } from '../images/usage.ts'
import { type Manifest, type ManifestFile, ordered } from '../manifests/manifest.ts'
import { now } from '../time.ts'
import { memberIds } from './acl.ts'
import { channelsOf } from './channels.ts'
import { publicationDrafts, withFacts } from './drafts.ts'
import { demandNoDependents, demandOrigin } from './origins.ts'

/** What is told of a file beside its bytes. */
export type FileFacts = Pick<ManifestFile, 'compression' | 'dataset_guid'>

export type FileOptions = {
  readonly facts: FileFacts
  /** Lower-case hex. */
  readonly sha1?: string
  /** Bytes. */
  readonly announced?: number | null
  readonly signal?: AbortSignal
}

/**
 * The life of an image that is published by hand: described, filled, activated, taken out of use and back, deleted
 * (danube.md 7.7).
 */
export function publications(core: Core, bytes: Pick<ReturnType<typeof bytesOf>, 'receive'>) {
  const { database } = core

  /**
   * Bytes that wait for the activation, instead of those that waited before.
   * @throws Failure as `bytes.receive`; `content` also when they are not compressed as they are said to be
   */
  async function fill(
    actor: Actor,
    uuid: string,
    source: AsyncIterable<Uint8Array>,
    { facts, sha1, ...options }: FileOptions,
  ): Promise<void> {
    await bytes.receive(actor, uuid, source, {
      ...options,
      during: 'uploading',
      keep: 'staged',
      formats: 'found',
      fallback: 'queued',
      ...(sha1 === undefined ? {} : { expected: { algorithm: 'sha1', value: sha1 } }),
      complete: async (trx, image) => {
        if (core.settings.formatCheck === 'refuse') demandCompressed(image, facts)
        const file: ManifestFile = { sha1: image.digests.sha1!, size: image.size!, ...facts }
        const manifest = ordered(withFacts(image, { files: [file] }))
        await saveImage(trx, core, actor, image, { manifest }, 'update')
      },
    })
  }

  return {
    ...publicationDrafts(core),
    fill,

    /** As `fill`, with bytes that another server has. @throws Failure also as `Remote.download` */
    async fillFromUrl(
      actor: Actor,
      uuid: string,
      url: string,
      bound: (source: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>,
      options: FileOptions,
    ): Promise<void> {
      await fill(actor, uuid, bound(core.remote.download(url, options)), options)
    },

    /**
     * Publishes an image whose file is there.
     * @throws Failure `quota`; `state`: reason `activated`, `no-file`, `origin-missing` or `origin-inactive`, or none while
     * another file arrives.
     */
    async activate(actor: Actor, uuid: string): Promise<Image> {
      return database.transaction(async (trx) => {
        const image = await lockImage(trx, core, actor, uuid, 'image.update')
        if (hasBytes(image.status)) throw refusal(image, 'activated', 'has already been activated')
        if (image.status !== 'uploading' || image.blobId === null)
          throw refusal(image, 'no-file', 'has no file to be activated with')
        await demandNoTransfer(trx, image)
        await demandOrigin(trx, actor, image.manifest)
        await demandByteQuota(trx, core, image.ownerId, image.size ?? 0)
        const complete = await saveImage(trx, core, actor, image, { status: 'importing' }, 'activate')
        const publishedAt = image.publishedAt ?? now()
        return completeImage(trx, core, actor, complete, { publishedAt }, 'activate')
      })
    },

    /**
     * Takes an image out of use, or gives it back. One that is not active yet is what it is asked to be when it becomes so.
     * @throws Failure `not-found`, `forbidden`, `state` (failed, or about to be deleted).
     */
    async enable(actor: Actor, uuid: string, enabled: boolean): Promise<Image> {
      return database.transaction(async (trx) => {
        const image = await lockImage(trx, core, actor, uuid, 'image.deactivate')
        if (hasBytes(image.status)) {
          const status = enabled ? 'active' : 'deactivated'
          if (image.status === status) return image
          return saveImage(trx, core, actor, image, { status }, enabled ? 'reactivate' : 'deactivate')
        }
        if (image.status === 'killed' || image.status === 'pending_delete')
          throw refusal(image, 'status', `is ${image.status}`)
        if (image.withdrawn === !enabled) return image
        return saveImage(trx, core, actor, image, { withdrawn: !enabled }, 'update')
      })
    },

    /** @throws Failure `not-found`, `forbidden`. */
    async addChannel(
      actor: Actor,
      uuid: string,
      channel: string,
      configured: readonly string[],
    ): Promise<Image> {
      return database.transaction(async (trx) => {
        const image = await lockImage(trx, core, actor, uuid, 'image.update')
        const present = channelsOf(image, configured)
        if (present.includes(channel)) return image
        return changeChannels(trx, actor, image, [...present, channel])
      })
    },

    /**
     * Deletes an image; with a `channel` only from there, as long as it is in another one as well.
     * @throws Failure `not-found`; `forbidden` (reason `protected`); `state` (reason `dependents`: another image builds on
     * it, `in-use`: an instance does).
     */
    async remove(
      actor: Actor,
      uuid: string,
      from: { readonly channel: string; readonly configured: readonly string[] } | null,
    ): Promise<void> {
      const freed = await database.transaction(async (trx) => {
        const image = await lockImage(trx, core, actor, uuid, 'image.delete')
        const others = from === null ? [] : othersThan(image, from)
        if (others.length > 0) {
          await changeChannels(trx, actor, image, others)
          return async () => {}
        }
        demandUnprotected(image)
        await demandNoDependents(trx, image)
        await demandUnused(trx, image)
        return removeLocked(trx, core, actor, image)
      })
      await freed()
    },

    /**
     * A copy of an image that others have shared with a project, which then has one of its own. The bytes are kept once.
     * @throws Failure `forbidden` (reason `not-shared` where the project is no member); `state` unless it is active.
     */
    async clone(actor: Actor, uuid: string, projectId: number): Promise<Image> {
      return database.transaction(async (trx) => {
        const source = await lockImage(trx, core, actor, uuid, 'image.view')
        if (source.visibility !== 'shared' || !(await memberIds(trx, source)).includes(projectId))
          throw new Failure('forbidden', `Image "${source.uuid}" is not shared with this account.`, {
            subject: 'image',
            id: source.uuid,
            reason: 'not-shared',
          })
        demand(actor, 'image.download', source, await membersOf(trx, source))
        demandIn(actor, 'image.create', projectId)
        demandHeldHere(source)
        if (source.status !== 'active' || source.blobId === null)
          throw refusal(source, 'status', 'is not active')
        const { name, diskFormat, containerFormat, minDisk, minRam, tags, properties } = source
        const { version, resize, deploy, manifest } = source
        const image = await insertImage(trx, core, actor, {
          ...{ name, diskFormat, containerFormat, minDisk, minRam, tags, properties },
          ...{ version, resize, deploy, manifest },
          ownerId: projectId,
        })
        await demandByteQuota(trx, core, projectId, source.size ?? 0)
        if (database.engine === 'postgres')
          await trx.selectFrom('blobs').select('id').where('id', '=', source.blobId).forUpdate().execute()
        const { size, virtualSize, digests, blobId } = source
        const started = await saveImage(trx, core, actor, image, { status: 'importing' }, 'copy')
        const held = { size, virtualSize, digests, blobId, publishedAt: now() }
        return completeImage(trx, core, actor, started, held, 'copy')
      })
    },
  }

  async function changeChannels(
    trx: Trx,
    actor: Actor,
    image: Image,
    channels: readonly string[],
  ): Promise<Image> {
    const manifest: Manifest = ordered(withFacts(image, { channels }))
    return saveImage(trx, core, actor, image, { manifest }, 'update')
  }
}

/**
 * Bytes that show another format are not what they are declared to be (one-catalogue.md section 4, rule 8).
 * @throws Failure `content` (reason `format-mismatch`)
 */
function demandCompressed({ diskFormat, containerFormat }: Image, { compression }: FileFacts): void {
  if (compression === 'none' || containerFormat !== 'bare' || diskFormat === 'raw') return
  const message = `The file is declared to be compressed with ${compression}, but its content is ${diskFormat}.`
  throw new Failure('content', message, { subject: 'image', reason: 'format-mismatch' })
}

function othersThan(
  image: Image,
  { channel, configured }: { readonly channel: string; readonly configured: readonly string[] },
): readonly string[] {
  const present = channelsOf(image, configured)
  const others = present.filter((name) => name !== channel)
  // In channels that nobody can see any more it would only be lost.
  return others.some((name) => configured.includes(name)) ? others : []
}

function refusal(image: Image, reason: string, what: string): Failure {
  return new Failure('state', `Image "${image.uuid}" ${what}.`, {
    subject: 'image',
    id: image.uuid,
    reason,
    status: image.status,
  })
}
