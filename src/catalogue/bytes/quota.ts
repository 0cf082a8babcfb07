import type { Actor } from '../actor.ts'
import type { Core, Query, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import { type ProjectSettings, projectSettings } from '../people/project-settings.ts'
import { type Usage, usageOf } from './usage.ts'

/** A quota, what it counts, the reason of its failure and what people are told. */
type Quota = {
  readonly limit: (settings: ProjectSettings) => number | null
  readonly used: (usage: Usage) => number
  readonly reason: string
  readonly told: (limit: number) => string
}

const images: Quota = {
  limit: ({ quotaImages }) => quotaImages,
  used: (usage) => usage.images,
  reason: 'images',
  told: (limit) => `The project may have ${limit} images and has them already.`,
}
const bytes: Quota = {
  limit: ({ quotaBytes }) => quotaBytes,
  used: (usage) => usage.bytes,
  reason: 'bytes',
  told: (limit) => `The images of the project may take ${limit} bytes in all.`,
}
const stagedBytes: Quota = {
  limit: ({ quotaStagedBytes }) => quotaStagedBytes,
  used: (usage) => usage.stagedBytes,
  reason: 'staged-bytes',
  told: (limit) => `In the project ${limit} bytes may wait to be imported.`,
}
const uploads: Quota = {
  limit: ({ quotaUploads }) => quotaUploads,
  used: (usage) => usage.transfers,
  reason: 'uploads',
  told: (limit) => `The bytes of ${limit} images of the project may be on their way at once.`,
}

/**
 * Two that add at once must not both find room: on PostgreSQL they take turns at the project's row (SQLite has one
 * writer anyway).
 */
async function takeTurns(trx: Trx, core: Core, ownerId: number | null): Promise<void> {
  if (core.database.engine === 'postgres' && ownerId !== null)
    await trx.selectFrom('projects').select('id').where('id', '=', ownerId).forUpdate().execute()
}

const demandOf =
  (quota: Quota) =>
  async (trx: Trx, core: Core, ownerId: number | null, more: number): Promise<void> => {
    const limit = quota.limit(await projectSettings(trx, core, ownerId))
    if (limit === null) return
    await takeTurns(trx, core, ownerId)
    if (quota.used(await usageOf(trx, ownerId)) + more > limit)
      throw new Failure('quota', quota.told(limit), { reason: quota.reason })
  }

const demandImages = demandOf(images)
const demandUploads = demandOf(uploads)

/** @throws Failure `quota` (reason `images`) when one more image would be too many. */
export const demandImageQuota = (trx: Trx, core: Core, ownerId: number | null): Promise<void> =>
  demandImages(trx, core, ownerId, 1)

/** @throws Failure `quota` (reason `bytes`) when so many more bytes would be too many. */
export const demandByteQuota = demandOf(bytes)

/** @throws Failure `quota` (reason `staged-bytes`) when so many more waiting bytes would be too many. */
export const demandStagedQuota = demandOf(stagedBytes)

/** @throws Failure `quota` (reason `uploads`) when the bytes of one more image on their way would be too many. */
export const demandUploadQuota = (trx: Trx, core: Core, ownerId: number | null): Promise<void> =>
  demandUploads(trx, core, ownerId, 1)

const leftOf =
  (quota: Quota) =>
  async (query: Query, core: Core, ownerId: number | null): Promise<number | null> => {
    const limit = quota.limit(await projectSettings(query, core, ownerId))
    return limit === null ? null : Math.max(0, limit - quota.used(await usageOf(query, ownerId)))
  }

/** How many bytes the project may still add, or null without a limit. */
export const bytesLeft = leftOf(bytes)

/** How many more bytes may wait to be imported. */
export const stagedBytesLeft = leftOf(stagedBytes)

/** What there is of something, and how much there may be; null: no limit. */
export type Measure = { readonly used: number; readonly limit: number | null }

export function quotas(core: Core) {
  const { db } = core.database
  return {
    /** What the actor's project uses of what it may; null where nothing is limited (glance.md section 18). */
    async report({ projectId }: Actor): Promise<{
      readonly bytes: Measure
      readonly stagedBytes: Measure
      readonly images: Measure
      readonly uploads: Measure
    } | null> {
      const settings = await projectSettings(db, core, projectId)
      if ([bytes, stagedBytes, images, uploads].every(({ limit }) => limit(settings) === null)) return null
      const usage = await usageOf(db, projectId)
      const measure = ({ used, limit }: Quota): Measure => ({ used: used(usage), limit: limit(settings) })
      return {
        bytes: measure(bytes),
        stagedBytes: measure(stagedBytes),
        images: measure(images),
        uploads: measure(uploads),
      }
    },
  }
}
