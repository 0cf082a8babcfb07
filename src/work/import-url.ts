import type { ReceiveOptions } from '../catalogue/bytes/receiving.ts'
import { Failure, isFailure } from '../catalogue/failure.ts'
import type { ImportPayload } from '../catalogue/images/imports.ts'
import type { Kind, Run, WorkParts } from './kind.ts'
import { importPace } from './pace.ts'

/** Fetches an image's bytes from a URL. Run again after a crash it fetches from the start: the partial bytes are gone. */
export const importUrl: Kind = {
  name: 'import-url',

  async run(run, parts) {
    const { task, actor } = run
    const payload = task.payload as ImportPayload
    // Known before a byte is fetched: nothing could be what a manifest without a digest promises.
    if (payload.expected?.value === 'none')
      throw new Failure('invalid', 'Invalid file in image manifest', { reason: 'manifest' })
    if (payload.sourceUuid !== undefined) {
      await parts.catalogue.imports.adopt(actor, task.imageUuid!, payload)
      return { image_id: task.imageUuid, verified: true }
    }
    return fetchBytes(run, payload, parts)
  },

  // The process may have had its hands full; everything else was tried often enough by the download itself.
  retry: (error) => isFailure(error, 'busy') || isFailure(error, 'unavailable'),
}

/** @param complete more to do in the transaction that makes the image active */
export async function fetchBytes(
  { task, actor, signal, progress }: Run,
  payload: ImportPayload,
  { catalogue, outbound }: WorkParts,
  complete?: ReceiveOptions['complete'],
): Promise<object> {
  let total: number | null = payload.size ?? null
  const source = outbound.download(payload.url, {
    pace: importPace,
    signal,
    onResponse: (info) => {
      total = info.size ?? total
      progress(0, total)
    },
  })
  const image = await catalogue.bytes.receive(actor, task.imageUuid!, source, {
    during: 'importing',
    fallback: 'importing',
    signal,
    progress: (done) => progress(done, total),
    ...(payload.size === undefined ? {} : { announced: payload.size }),
    ...(payload.formatFound ? { formats: 'found' } : {}),
    ...(payload.expected ? { expected: payload.expected } : {}),
    ...(complete ? { complete } : {}),
  })
  return { image_id: image.uuid, size: image.size }
}
