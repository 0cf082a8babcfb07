import type { Actor } from '../../actor.ts'
import { record } from '../../audit.ts'
import { demandFormats } from '../../bytes/expected.ts'
import { demandByteQuota } from '../../bytes/quota.ts'
import type { Core, Trx } from '../../core.ts'
import { Failure } from '../../failure.ts'
import { logDetail } from '../../tasks/log.ts'
import { taskChannel } from '../../tasks/task.ts'
import { imagesBeingWorkedOn } from '../../tasks/working.ts'
import { now } from '../../time.ts'
import { completeImage } from '../complete.ts'
import type { ImagePatch } from '../draft.ts'
import type { Image } from '../image.ts'
import { changeImage } from '../images.ts'
import type { ImportPayload } from '../imports.ts'
import { lockImage, saveImage } from '../save.ts'
import { withoutSecrets } from '../without-secrets.ts'
import { enqueueOn, workOn } from '../work.ts'
import {
  type ImageLocation,
  locationsOf,
  locationsOfAll,
  type RemoteLocation,
  remoteLocationsOf,
  writeRemoteLocations,
} from './location.ts'
import { sizeAt } from './look.ts'
import { type LocationChange, type Plan, planned } from './plan.ts'
import { demandLocation, demandSha512, invalidLocation, type Promised } from './rules.ts'

/** What the task `location-import` carries. */
export type LocationPayload = ImportPayload & { readonly fallback: 'queued' }

/** Where the bytes of images are (glance.md section 16). Whether anybody may ask for it is the installation's setting. */
export function imageLocations(core: Core) {
  const { database } = core

  /** @throws Failure `not-found`, `forbidden` */
  async function demanded(
    actor: Actor,
    uuid: string,
    permission: 'image.update' | 'image.view',
  ): Promise<Image> {
    return database.transaction((trx) => lockImage(trx, core, actor, uuid, permission))
  }

  return {
    /** The locations of images that the actor sees, by uuid. Of images out of use only administrators learn them. */
    async of(actor: Actor, images: readonly Image[]): Promise<ReadonlyMap<string, readonly ImageLocation[]>> {
      const found = await locationsOfAll(database.db, core, images)
      return new Map(
        images.map(({ uuid, status }) => [
          uuid,
          status === 'deactivated' && !actor.superAdmin ? [] : found.get(uuid)!,
        ]),
      )
    },

    /**
     * Changes locations and, as `images.change`, what `decide` returns; all of it or nothing. What is new is looked at
     * first. By its first location a queued image becomes active: its bytes stay where they are.
     * @throws Failure as `images.change`, `planned` and `sizeAt`; `invalid` (reason `formats`: none set); `state` also
     * while a task works on the image
     */
    async change(
      actor: Actor,
      uuid: string,
      changes: readonly LocationChange[],
      decide: (image: Image) => ImagePatch = () => ({}),
    ): Promise<Image> {
      // All that can be told without asking anybody is told before anybody is asked.
      const seen = await demanded(actor, uuid, 'image.update')
      decide(seen)
      const { added } = planned(seen, await locationsOf(database.db, core, seen), changes)
      const sizes = new Map(
        await Promise.all(added.map(async (url) => [url, await sizeAt(core, url)] as const)),
      )
      return database.transaction(async (trx) => {
        const image = await changeImage(trx, core, actor, uuid, decide)
        const plan = planned(image, await locationsOf(trx, core, image), changes)
        const changed = plan.activates
          ? await activated(trx, core, actor, image, plan, sizes)
          : await relocated(trx, core, actor, image, plan, sizes)
        await replaceLocations(trx, actor, changed, plan.remote)
        return changed
      })
    },

    /**
     * Has a queued image's bytes fetched from a location, looked at and kept: they cannot change any more, and the location
     * is one of the image's when they are here.
     * @param asService a service asks, which may give locations to every image that it sees
     * @returns the task's id
     * @throws Failure `not-found`, `forbidden`, `state`, `conflict` (reason `digests`), `invalid` (reason `location` or
     * `formats`), `content`, `too-large`, `quota`
     */
    async fetch(
      actor: Actor,
      uuid: string,
      { url, promised }: { readonly url: string; readonly promised?: Omit<Promised, 'md5'> },
      asService: boolean,
    ): Promise<string> {
      const permission = asService ? 'image.view' : 'image.update'
      demandQueued(await demanded(actor, uuid, permission))
      demandLocation({ url, metadata: {} })
      const value = promised && demandSha512(promised)
      const size = await sizeAt(core, url)
      const taskId = await database.transaction(async (trx) => {
        const image = await lockImage(trx, core, actor, uuid, permission)
        demandQueued(image)
        await demandIdle(trx, image)
        demandFormats(image)
        await demandByteQuota(trx, core, image.ownerId, size)
        const payload: LocationPayload = {
          url,
          fallback: 'queued',
          size,
          ...(value === undefined ? {} : { expected: { algorithm: 'sha512', value } }),
        }
        const work = workOn(image, 'Import image', logDetail({ url: withoutSecrets(url) }))
        return enqueueOn(trx, actor, image, { kind: 'location-import', payload, work })
      })
      await database.notify(taskChannel)
      return taskId
    },

    /** Enters where the bytes came from, in the transaction that makes them the image's. */
    async fetched(trx: Trx, actor: Actor, image: Image, { url }: LocationPayload): Promise<void> {
      await replaceLocations(trx, actor, image, [{ url, metadata: {} }])
    },
  }
}

/** @throws Failure `invalid` (reason `location` or `formats`), `state`, `quota` */
async function activated(
  trx: Trx,
  core: Core,
  actor: Actor,
  image: Image,
  { added, activates }: Plan,
  sizes: ReadonlyMap<string, number>,
): Promise<Image> {
  await demandIdle(trx, image)
  demandFormats(image)
  const size = sizes.get(added[0]!)
  if (size === undefined) throw changedMeanwhile(image)
  demandSize(added, sizes, size)
  await demandByteQuota(trx, core, image.ownerId, size)
  const digests = { md5: null, sha1: null, sha256: null, sha512: null, ...activates }
  const facts = { size, virtualSize: null, digests, publishedAt: image.publishedAt ?? now() }
  return completeImage(trx, core, actor, image, facts, 'bytes-located')
}

/** @throws Failure `invalid` (reason `location`) */
async function relocated(
  trx: Trx,
  core: Core,
  actor: Actor,
  image: Image,
  { added }: Plan,
  sizes: ReadonlyMap<string, number>,
): Promise<Image> {
  demandSize(added, sizes, image.size!)
  return saveImage(trx, core, actor, image, {}, 'update')
}

/** All locations have the same bytes, as far as their number tells. @throws Failure `invalid` (reason `location`) */
function demandSize(urls: readonly string[], sizes: ReadonlyMap<string, number>, size: number): void {
  if (urls.some((url) => sizes.get(url) !== size)) throw invalidLocation()
}

async function replaceLocations(
  trx: Trx,
  actor: Actor,
  image: Image,
  locations: readonly RemoteLocation[],
): Promise<void> {
  const before = await remoteLocationsOf(trx, image)
  await writeRemoteLocations(trx, image, locations)
  await record(trx, actor, {
    action: 'locations',
    kind: 'image',
    id: image.uuid,
    before: { locations: before.map(shown) },
    after: { locations: locations.map(shown) },
  })
}

const shown = ({ url, metadata }: RemoteLocation) => ({ url: withoutSecrets(url), metadata })

function demandQueued(image: Image): void {
  if (image.status !== 'queued')
    throw new Failure('state', `It's not allowed to add locations if image status is ${image.status}.`, {
      subject: 'image',
      id: image.uuid,
      reason: 'location',
      status: image.status,
    })
}

/** @throws Failure `state` (reason `pending`) while a task works on the image */
async function demandIdle(trx: Trx, image: Image): Promise<void> {
  if (!(await imagesBeingWorkedOn(trx, [image.uuid])).has(image.uuid)) return
  throw new Failure('state', 'Image has active task', {
    subject: 'image',
    id: image.uuid,
    reason: 'pending',
    status: image.status,
  })
}

function changedMeanwhile({ uuid }: Image): Failure {
  return new Failure('conflict', 'The image was changed by somebody else.', { subject: 'image', id: uuid })
}
