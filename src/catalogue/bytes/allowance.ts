import type { Store } from '../../store/store.ts'
import type { Core, Query, Trx } from '../core.ts'
import { Failure, isFailure } from '../failure.ts'
import type { Image } from '../images/image.ts'
import { bytesLeft, demandByteQuota, demandStagedQuota, stagedBytesLeft } from './quota.ts'

/** Where bytes are going, which decides what they count against (glance.md section 18). */
export type Going = {
  /** `uploading`: they will wait to be imported. */
  readonly during: 'saving' | 'importing' | 'uploading'
  /** How many stores will hold them. */
  readonly copies: number
}

/** @throws Failure `quota` (reason `bytes` or `staged-bytes`) when there is no room for so many bytes of the image. */
export async function demandAllowance(
  trx: Trx,
  core: Core,
  image: Image,
  bytes: number,
  { during, copies }: Going,
): Promise<void> {
  if (during !== 'uploading') return demandByteQuota(trx, core, image.ownerId, bytes * copies)
  // Those that waited before are replaced.
  return demandStagedQuota(trx, core, image.ownerId, bytes - (image.size ?? 0))
}

/** How many bytes the image may have, or null without a limit. */
export async function allowanceLeft(
  query: Query,
  core: Core,
  image: Image,
  { during, copies }: Going,
): Promise<number | null> {
  const left = await (during === 'uploading' ? stagedBytesLeft : bytesLeft)(query, core, image.ownerId)
  if (left === null) return null
  return during === 'uploading' ? left + (image.size ?? 0) : Math.floor(left / copies)
}

/** The store knows one limit; where that was what the project had left, its quota is what was reached. */
export function whichLimit(
  error: unknown,
  maxImageBytes: number | null,
  left: number | null,
  { during }: Going,
): unknown {
  if (!isFailure(error, 'too-large') || left === null || (maxImageBytes !== null && maxImageBytes <= left))
    return error
  return during === 'uploading'
    ? new Failure('quota', `In the project only ${left} bytes more may wait to be imported.`, {
        reason: 'staged-bytes',
      })
    : new Failure('quota', `The images of the project may take only ${left} bytes more.`, {
        reason: 'bytes',
      })
}

/** @throws Failure `too-large` (reason `image-size`) for more bytes than any image may have (IMAGEPORT_MAX_IMAGE_SIZE). */
export function demandImageSize({ settings: { maxImageBytes } }: Core, bytes: number): void {
  if (maxImageBytes !== null && bytes > maxImageBytes)
    throw new Failure('too-large', `An image may have at most ${maxImageBytes} bytes.`, {
      reason: 'image-size',
    })
}

/** @throws Failure `no-space` (reason `free-space`) when so many bytes would leave less than what has to stay free. */
export async function demandRoom({ settings }: Core, store: Store, bytes: number): Promise<void> {
  const space = await store.space()
  if (space !== null && space.freeBytes - bytes < settings.freeSpaceFloorBytes)
    throw new Failure('no-space', 'There is not enough free space in the store.', { reason: 'free-space' })
}
