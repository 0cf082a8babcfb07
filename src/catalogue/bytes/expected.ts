import type { DigestName, Received } from '../../store/store.ts'
import { Failure } from '../failure.ts'
import type { Image } from '../images/image.ts'

export type Expected = { readonly algorithm: DigestName; readonly value: string }

/** What is known of bytes before they come. */
export type Expectations = {
  /**
   * `found`: the image's format is what the bytes turn out to be. By default it must have been declared; with `later` it
   * need not be yet.
   */
  readonly formats?: 'declared' | 'found' | 'later'
  /** Bytes announced by the sender; refused early when they cannot fit, and checked at the end. */
  readonly announced?: number | null
  readonly expected?: Expected
}

/** The digests every image needs before it is active (one-catalogue.md section 2). */
const neededDigests: readonly DigestName[] = ['md5', 'sha1', 'sha512']

/** @throws Failure `invalid` (reason `formats`) for an image that may not be active: what it is was not said. */
export function demandFormats(
  image: Pick<Image, 'uuid' | 'diskFormat' | 'containerFormat'>,
  { formats = 'declared' }: Expectations = {},
): void {
  if (formats !== 'declared') return
  const missing = [
    image.diskFormat === null ? 'disk_format' : null,
    image.containerFormat === null ? 'container_format' : null,
  ].filter((name) => name !== null)
  if (missing.length === 0) return
  const noun = missing.length === 1 ? 'Property' : 'Properties'
  throw new Failure('invalid', `${noun} ${missing.join(', ')} must be set prior to saving data.`, {
    subject: 'image',
    id: image.uuid,
    reason: 'formats',
  })
}

/** @throws Failure `invalid` (reason `length` or `digest`) for bytes that are not those that were announced */
export function demandAnnounced(options: Expectations, received: Received): void {
  if (options.announced !== undefined && options.announced !== null && options.announced !== received.size)
    throw new Failure('invalid', `${options.announced} bytes were announced, ${received.size} arrived.`, {
      reason: 'length',
      expected: String(options.announced),
      found: String(received.size),
    })
  if (!options.expected) return
  const { algorithm, value } = options.expected
  const found = received.digests[algorithm]!
  if (found !== value.toLowerCase())
    throw new Failure('invalid', `The ${algorithm} of the bytes is ${found}, expected was ${value}.`, {
      reason: 'digest',
      expected: value,
      found,
    })
}

/** Those that are to be computed. */
export function digestsFor(expected: Expected | undefined): readonly DigestName[] {
  return !expected || neededDigests.includes(expected.algorithm)
    ? neededDigests
    : [...neededDigests, expected.algorithm]
}
