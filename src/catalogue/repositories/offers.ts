import { Failure } from '../failure.ts'
import { normaliseUuid } from '../images/find.ts'
import { isObject, isTooDeep } from '../manifests/manifest.ts'
import { parseInstant } from '../time.ts'
import type { Offer } from './repository.ts'

/** Far more than fit into a list with all that a manifest must say; what has more of them is no list of images. */
const mostImages = 50_000

/**
 * The images in a repository's list. What has no uuid cannot be imported and is passed over; a uuid that occurs twice
 * counts once.
 * @throws Failure `upstream` (reason `document`) when it is no list, in the words of danube.md 3.2
 */
export function readOffers(document: string): readonly Offer[] {
  const list = parsed(document)
  if (!Array.isArray(list))
    throw unreadable(`Unexpected output from image server (${list === null ? 'null' : typeof list})`)
  if (list.length > mostImages)
    throw unreadable(`Unexpected output from image server (more than ${mostImages} images)`)
  const offers = new Map<string, Offer>()
  for (const manifest of list) {
    // A manifest that nests without end could be read, but not written again.
    if (!isObject(manifest) || typeof manifest.uuid !== 'string' || isTooDeep(manifest)) continue
    const uuid = normaliseUuid(manifest.uuid)
    if (uuid !== null) offers.set(uuid, { uuid, manifest })
  }
  return [...offers.values()]
}

function parsed(document: string): unknown {
  try {
    return JSON.parse(document.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw unreadable(
      `Image server response could not be decoded (${error instanceof Error ? error.message : error})`,
      error,
    )
  }
}

function unreadable(message: string, cause?: unknown): Failure {
  return new Failure('upstream', message, { reason: 'document' }, { cause })
}

/** A text by which dates sort however they were written; what is no date is older than everything. */
export function sortableDate(published: unknown): string {
  const instant = typeof published === 'string' ? parseInstant(published) : null
  // Dates before 1970 would sort backwards, and no image is that old.
  return instant === null ? '' : String(Math.max(0, instant)).padStart(17, '0')
}
