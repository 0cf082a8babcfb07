import { demandIn } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Core } from '../core.ts'
import { Failure, isFailure } from '../failure.ts'
import type { ImportPayload } from '../images/imports.ts'
import { enqueueOn, workOn } from '../images/work.ts'
import type { ManifestFile } from '../manifests/manifest.ts'
import { logDetail } from '../tasks/log.ts'
import { taskChannel } from '../tasks/task.ts'
import { insertPublication, type Publication } from './drafts.ts'
import { demandOrigin } from './origins.ts'

/** Bytes of a manifest. */
const longest = 256 * 1024
const manifestMs = 20_000

/** Images that another repository of the same kind has. */
export function publicationFetches(core: Core) {
  const { database } = core

  return {
    /**
     * The manifest of an image in another repository, as it is written there.
     * @throws Failure `upstream` (it does not give one), `invalid` or `forbidden` (an address that policy refuses).
     */
    async manifest(actor: Actor, ownerId: number | null, url: string): Promise<unknown> {
      // Who may not import makes no requests through us.
      demandIn(actor, 'image.import', ownerId)
      try {
        return JSON.parse(await core.remote.document(url, { maxBytes: longest, timeoutMs: manifestMs }))
      } catch (error) {
        if (isFailure(error) && error.code !== 'too-large') throw error
        throw new Failure('upstream', 'The repository did not answer with a manifest.', {}, { cause: error })
      }
    },

    /**
     * Brings in the image that a checked manifest describes, with its file: there at once and active when the bytes have
     * arrived and are what the manifest says. When they are not, nothing remains of it.
     * @throws Failure as `create`, and `state` for its origin.
     */
    async begin(
      actor: Actor,
      publication: Publication & { readonly uuid: string },
      url: string,
      file: ManifestFile,
    ): Promise<{ taskId: string }> {
      const taskId = await database.transaction(async (trx) => {
        await demandOrigin(trx, actor, publication.manifest)
        const image = await insertPublication(trx, core, actor, publication)
        const payload: ImportPayload = {
          url,
          fallback: 'deleted',
          expected: { algorithm: 'sha1', value: file.sha1 },
          size: file.size,
          formatFound: true,
        }
        return enqueueOn(trx, actor, image, {
          kind: 'import-url',
          payload,
          work: workOn(image, 'Import image', logDetail({ url })),
        })
      })
      await database.notify(taskChannel)
      return { taskId }
    },
  }
}
