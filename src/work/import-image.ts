import type { Expected } from '../catalogue/bytes/expected.ts'
import { Failure, isFailure } from '../catalogue/failure.ts'
import type { StoreImportPayload } from '../catalogue/images/store-imports/payload.ts'
import type { Kind, Run, WorkParts } from './kind.ts'
import { sourceBytes, sourceDescription } from './other-glance.ts'
import { importPace } from './pace.ts'

/** Opens the bytes anew; what is known of them before they come stands beside it. */
type Source = {
  open(): AsyncIterable<Uint8Array>
  readonly expected?: Expected
}

const mebibyte = 1024 ** 2

/**
 * Brings bytes into an image and into the stores that were chosen for it (glance.md 13.3). Run again after a crash it goes
 * on where it was; a fetch begins from the start, because its partial bytes are gone.
 */
export const importImage: Kind = {
  name: 'import-image',

  async run(run, parts) {
    const { task, actor, signal, progress } = run
    const { storeImports } = parts.catalogue
    const found = await storeImports.current(actor, task)
    // Over already: the run that came this far was broken off before it could say so.
    if (found !== null) {
      if (found.blobId === null) await fetchBytes(run, parts, found.import.importing)
      await storeImports.spread(actor, task, { signal, progress })
      await storeImports.finish(actor, task)
    }
    const { size } = await parts.catalogue.images.view(actor, task.imageUuid!)
    const message = `Copied ${Math.floor((size ?? 0) / mebibyte)} MiB`
    return { image_id: task.imageUuid, size, message }
  },

  // The process may have had its hands full; a store that cannot be reached is told at once.
  retry: (error) =>
    isFailure(error, 'busy') || (isFailure(error, 'unavailable') && error.detail.subject !== 'store'),
}

/** Fetches the bytes into the first of the stores that takes them. */
async function fetchBytes(run: Run, parts: WorkParts, stores: readonly string[]): Promise<void> {
  const { task, actor, signal, progress } = run
  const { storeImports, bytes } = parts.catalogue
  const { allMustSucceed } = task.payload as StoreImportPayload
  let total: number | null = null
  const source = await sourceOf(run, parts, (size) => {
    total = size === null ? null : size * stores.length
  })
  for (const [place, store] of stores.entries()) {
    try {
      await bytes.receive(actor, task.imageUuid!, source.open(), {
        during: 'importing',
        keep: 'staged',
        fallback: 'importing',
        store,
        copies: stores.length - place,
        signal,
        progress: (done) => progress(done, total),
        complete: (trx) => storeImports.fetched(trx, actor, task, store),
        ...(source.expected ? { expected: source.expected } : {}),
      })
      return
    } catch (error) {
      if (signal.aborted || !isOfStore(error)) throw error
      await storeImports.storeFailed(actor, task, store)
      if (allMustSucceed || place === stores.length - 1) throw error
    }
  }
}

/** Is it the store that does not do, and not the bytes? */
function isOfStore(error: unknown): boolean {
  return isFailure(error, 'no-space') || (isFailure(error) && error.detail.subject === 'store')
}

async function sourceOf(
  { task, actor, signal }: Run,
  { core, catalogue, outbound }: WorkParts,
  sized: (size: number | null) => void,
): Promise<Source> {
  const { url, other, sealed } = task.payload as StoreImportPayload
  const options = { signal, pace: importPace, onResponse: ({ size }: { size: number | null }) => sized(size) }
  if (url !== undefined) return { open: () => outbound.download(url, options) }
  if (!other || sealed === undefined || other.endpoint === null)
    throw new Failure('upstream', 'There is no image service in the region that was named.', {
      reason: 'endpoint',
    })
  const { imageId, endpoint } = other
  const service = { endpoint, token: core.secrets.decrypt(sealed) }
  const source = await sourceDescription(outbound, service, imageId, signal)
  await catalogue.storeImports.describe(actor, task, source)
  const { os_hash_algo: algorithm, os_hash_value: value } = source
  const isKnown = (algorithm === 'sha512' || algorithm === 'sha256') && typeof value === 'string'
  return {
    open: () => sourceBytes(outbound, service, imageId, options),
    ...(isKnown ? { expected: { algorithm, value } } : {}),
  }
}
