import type { Store } from '../../store/store.ts'
import type { Core } from '../core.ts'
import { Failure } from '../failure.ts'
import { demandRoom } from './allowance.ts'
import { nearestPlace, newBlobId, type Place, placesOf } from './blobs.ts'

export type CopyOptions = {
  readonly signal: AbortSignal
  readonly progress: (bytes: number) => void
  /** Enters the key before a byte is there, so that a crash leaves nothing that nobody knows of. */
  readonly begin: (place: Place) => Promise<void>
}

/**
 * Streams a blob from the store that has it into another one, and compares its digest on the way. Where it lies then is
 * for the caller to write down.
 * @throws Failure `data-lost`, `no-space`, `content` (reason `digest`), `interrupted`, `unavailable`; no bytes remain
 */
export async function copyBlob(
  core: Core,
  blobId: string,
  target: Store,
  { signal, progress, begin }: CopyOptions,
): Promise<Place> {
  const { db } = core.database
  const blob = await db
    .selectFrom('blobs')
    .select(['size', 'sha512'])
    .where('id', '=', blobId)
    .executeTakeFirst()
  const source = nearestPlace(core, await placesOf(db, blobId))
  if (!blob || !source)
    throw new Failure('data-lost', 'No store holds the bytes of this image.', { subject: 'blob', id: blobId })
  await demandRoom(core, target, blob.size)
  const place = { store: target.name, key: newBlobId() }
  await begin(place)
  await target.receive(place.key, source.store.read(source.key), {
    digests: ['sha512'],
    maxBytes: blob.size,
    signal,
    progress,
    accept: ({ digests }) => {
      if (digests.sha512 === blob.sha512) return
      throw new Failure('content', `The bytes in store ${source.store.name} are not what was stored.`, {
        subject: 'blob',
        id: blobId,
        reason: 'digest',
      })
    },
  })
  return place
}
