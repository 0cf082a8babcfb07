import { allows } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Core } from '../core.ts'
import { Failure, isFailure } from '../failure.ts'
import { type ForeignManifest, readForeignManifest } from '../manifests/read.ts'
import { repositoryAgent } from '../repositories/repository.ts'
import { findImage, membersOf } from './find.ts'
import { hasBytes } from './image.ts'

/** Bytes of a manifest; the longest that exist are a few kilobytes. */
const longestManifest = 256 * 1024
const manifestMs = 5_000

/** Manifests and files of other repositories, looked at before an import is accepted (danube.md 1.6). */
export function foreignImages(core: Core) {
  return {
    /**
     * Fetches a manifest and reads it.
     * @throws Failure `invalid` with the field `manifest_url`: it cannot be fetched or read, or names an image that is
     * here already.
     */
    async manifest(url: string): Promise<ForeignManifest> {
      const text = await core.remote
        .document(url, { maxBytes: longestManifest, timeoutMs: manifestMs, userAgent: repositoryAgent })
        .catch((error) => {
          throw unreachable('manifest_url', 'Image manifest URL', error)
        })
      let found: ForeignManifest
      try {
        found = readForeignManifest(text)
      } catch (error) {
        throw isFailure(error, 'invalid') ? refusal('manifest_url', error.message) : error
      }
      const present = await findImage(core.database.db, found.uuid)
      if (present && present.status !== 'deleted')
        throw refusal('manifest_url', `Image UUID is already registered by image "${present.handle}".`)
      return found
    },

    /**
     * The file of an image of this catalogue, which is not fetched but taken over: only by one who may download it now,
     * and so not from an image that was taken out of use.
     * @throws Failure `invalid` with the field `file_url`.
     */
    async demandOwnFile(actor: Actor, uuid: string): Promise<void> {
      const image = await findImage(core.database.db, uuid)
      if (image && hasBytes(image.status) && (actor.superAdmin || image.status === 'active')) {
        const members = await membersOf(core.database.db, image)
        if (allows(actor, 'image.download', image, members)) return
      }
      throw refusal('file_url', 'Image file URL is unreachable (there is no such image).')
    },

    /** @throws Failure `invalid` with the field `file_url`. */
    async demandFile(url: string): Promise<void> {
      await core.remote.probe(url).catch((error) => {
        throw unreachable('file_url', 'Image file URL', error)
      })
    },
  }
}

function unreachable(field: string, what: string, error: unknown): unknown {
  if (!isFailure(error)) return error
  const reason = error.code === 'too-large' ? 'Response is too large' : error.message
  return refusal(field, `${what} is unreachable (${reason}).`)
}

function refusal(field: string, message: string): Failure {
  return new Failure('invalid', message, { subject: 'image', fields: { [field]: [message] } })
}
