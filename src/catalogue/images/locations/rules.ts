import { Failure } from '../../failure.ts'
import type { ImageDigests } from '../image.ts'
import type { RemoteLocation } from './location.ts'

/** Digests that somebody says the bytes have. */
export type Promised = { readonly md5?: string; readonly algorithm: string; readonly value: string }

const mostLocations = 10
const longestUrl = 255
/** Of all metadata of one location, as JSON. */
const mostMetadataBytes = 65_535

/** One answer whatever is wrong, so that nobody learns what is at an address (glance.md 24.2). */
export function invalidLocation(cause?: unknown): Failure {
  return new Failure('invalid', 'Invalid location', { subject: 'location', reason: 'location' }, { cause })
}

/** @throws Failure `invalid` (reason `location`) */
export function demandLocation({ url, metadata }: RemoteLocation): void {
  if (url.length > longestUrl || !url.isWellFormed() || /\p{Cc}/u.test(url)) throw invalidLocation()
  if (Buffer.byteLength(JSON.stringify(metadata)) > mostMetadataBytes)
    throw new Failure('invalid', `The metadata of a location may take ${mostMetadataBytes} bytes.`, {
      subject: 'location',
      reason: 'location',
    })
}

/** @throws Failure `quota` (reason `locations`) */
export function demandNumber(attempted: number): void {
  if (attempted <= mostLocations) return
  throw new Failure(
    'quota',
    `The limit has been exceeded on the number of allowed image locations. Attempted: ${attempted}, Maximum: ${mostLocations}`,
    { subject: 'image', reason: 'locations' },
  )
}

/**
 * The digests of an image to which a location with this promise is added.
 * @param first nothing is known of the image's bytes yet
 * @throws Failure `conflict` (reason `digests`)
 */
export function demandDigests(
  known: Pick<ImageDigests, 'md5' | 'sha512'>,
  promised: Promised | undefined,
  first: boolean,
): Pick<ImageDigests, 'md5' | 'sha512'> {
  if (!promised) return known
  const md5 = promised.md5?.toLowerCase()
  const sha512 = demandSha512(promised)
  if (md5 !== undefined && !/^[0-9a-f]{32}$/.test(md5)) throw conflict('checksum is no MD5 in hex digits.')
  if (first) return { md5: md5 ?? null, sha512 }
  if (sha512 !== known.sha512 || (md5 !== undefined && md5 !== known.md5))
    throw conflict('The validation data is not what is known of the image.')
  return known
}

/** The one algorithm of this site. @throws Failure `conflict` (reason `digests`) */
export function demandSha512({ algorithm, value }: Pick<Promised, 'algorithm' | 'value'>): string {
  if (algorithm !== 'sha512') throw conflict('os_hash_algo must be sha512.')
  if (!/^[0-9a-f]{128}$/i.test(value)) throw conflict('os_hash_value is no SHA-512 in hex digits.')
  return value.toLowerCase()
}

function conflict(message: string): Failure {
  return new Failure('conflict', message, { subject: 'image', reason: 'digests' })
}
