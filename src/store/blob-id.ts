import { Failure } from '../catalogue/failure.ts'

const pattern = /^[0-9a-f-]{8,64}$/

export function isBlobId(name: string): boolean {
  return pattern.test(name)
}

/** Ids become parts of paths and keys, so nothing else gets through. @throws Failure `invalid` */
export function checkBlobId(id: string): void {
  if (!isBlobId(id))
    throw new Failure('invalid', 'This is not a blob id.', { subject: 'blob', reason: 'blob-id' })
}

export function blobLost(id: string, cause?: unknown): Failure {
  const message = 'The record of this image is there, but its bytes are not in the store.'
  return new Failure('data-lost', message, { subject: 'blob', id }, { cause })
}

export function blobShort(id: string): Failure {
  const message = 'The store holds fewer bytes of this image than were asked for.'
  return new Failure('data-lost', message, { subject: 'blob', id, reason: 'short' })
}

/** @throws Failure `range` for positions that make no sense whatever the size of the blob. */
export function checkRange(range: { readonly start: number; readonly end: number } | undefined): void {
  if (!range) return
  const { start, end } = range
  if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end >= start) return
  throw new Failure('range', `Bytes ${start} to ${end} are no range.`, { subject: 'blob' })
}

export function readOnlyStore(name: string): Failure {
  return new Failure('forbidden', `The store ${name} is read-only.`, {
    subject: 'store',
    id: name,
    reason: 'read-only',
  })
}

/** Ids are random and used once; the same id again is a mistake of the caller, or somebody else is still at it. */
export function occupied(id: string, cause?: unknown): Failure {
  const message = 'A blob with this id exists already, or is being received.'
  return new Failure('conflict', message, { subject: 'blob', id, reason: 'blob-exists' }, { cause })
}
