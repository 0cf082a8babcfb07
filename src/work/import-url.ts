import { isFailure } from '../catalogue/failure.ts'
import type { ImportPayload } from '../catalogue/images/imports.ts'
import type { Kind } from './kind.ts'

/** Fetches an image's bytes from a URL. Run again after a crash it fetches from the start: the partial bytes are gone. */
export const importUrl: Kind = {
  name: 'import-url',

  async run({ task, actor, signal, progress }, { catalogue, outbound }) {
    const payload = task.payload as ImportPayload
    let total: number | null = null
    const source = outbound.download(payload.url, {
      signal,
      onResponse: (info) => {
        total = info.size
        progress(0, total)
      },
    })
    const image = await catalogue.bytes.receive(actor, task.imageUuid!, source, {
      during: 'importing',
      fallback: 'importing',
      signal,
      progress: (done) => progress(done, total),
      ...(payload.expected ? { expected: payload.expected } : {}),
    })
    return { image_id: image.uuid, size: image.size }
  },

  // The process may have had its hands full; everything else was tried often enough by the download itself.
  retry: (error) => isFailure(error, 'busy') || isFailure(error, 'unavailable'),

  async failed({ task, actor }, { catalogue }, reason) {
    const { fallback } = task.payload as ImportPayload
    await catalogue.imports.fail(actor, task.imageUuid!, fallback, reason)
  },
}
