import { createHash } from 'node:crypto'
import type { ByteRange } from '../../../store/store.ts'
import type { Core } from '../../core.ts'
import { Failure } from '../../failure.ts'
import type { Image } from '../image.ts'
import type { RemoteLocation } from './location.ts'

/**
 * Reads the bytes of images that no store holds. As many at once as there may be uploads: an image whose server leads back
 * to the image itself would otherwise fetch without end.
 */
export function remoteBytes(core: Core) {
  let reading = 0

  /**
   * The bytes from the first location that gives any: exactly as many as the image has, and all of them only when their
   * digest is right, where it is known.
   * @throws Failure `busy` (reason `transfers`), `data-lost` (reason `location`) whatever was wrong
   */
  return async function* (
    image: Image,
    locations: readonly RemoteLocation[],
    range?: ByteRange,
  ): AsyncGenerator<Uint8Array> {
    if (reading >= core.settings.maxUploads)
      throw new Failure('busy', 'Too many images are read from other servers at once, try again later', {
        reason: 'transfers',
      })
    reading++
    try {
      let cause: unknown
      for (const { url } of locations) {
        let begun = false
        try {
          for await (const chunk of bytesAt(core, image, url, range)) {
            begun = true
            yield chunk
          }
          return
        } catch (error) {
          if (begun) throw notGiven(image, error)
          cause = error
        }
      }
      throw notGiven(image, cause)
    } finally {
      reading--
    }
  }
}

function bytesAt(core: Core, image: Image, url: string, range?: ByteRange): AsyncIterable<Uint8Array> {
  const size = image.size!
  const { sha512 } = image.digests
  if (range) return core.remote.download(url, { size, range })
  const all = core.remote.download(url, { size })
  return sha512 === null ? all : verified(all, size, sha512)
}

/** Gives the last piece only when the whole is what it should be, so that nobody takes other bytes for complete. */
async function* verified(
  source: AsyncIterable<Uint8Array>,
  size: number,
  sha512: string,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha512')
  let passed = 0
  for await (const chunk of source) {
    hash.update(chunk)
    passed += chunk.length
    if (passed === size && hash.digest('hex') !== sha512)
      throw new Failure('upstream', 'The bytes at the location are not those of the image.', {
        reason: 'digest',
      })
    yield chunk
  }
}

/** One sentence for all of it: what answers at an address is not the reader's to know (glance.md 24.2). */
function notGiven({ uuid }: Image, cause: unknown): Failure {
  return new Failure(
    'data-lost',
    'The server that keeps the bytes of this image does not give them.',
    { subject: 'image', id: uuid, reason: 'location' },
    { cause },
  )
}
