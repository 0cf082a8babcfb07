/**
 * Where bytes are kept. A blob is named by a random id; nothing is visible under that id before `receive` has
 * made it durable, and what was interrupted leaves nothing behind. Digests and inspection happen while the bytes pass.
 */

export type DigestName = 'md5' | 'sha1' | 'sha256' | 'sha512'

/** Lower-case hex, one for each digest that was asked for. */
export type Digests = Partial<Record<DigestName, string>>

export type ReceiveOptions = {
  /** Computed in threads beside the event loop while the bytes arrive. */
  readonly digests: readonly DigestName[]
  /** More bytes than this end the transfer with the Failure `too-large` (reason `image-size`). */
  readonly maxBytes?: number
  /** Sees every chunk in order, on the event loop; must not keep or change it. May throw to refuse the bytes. */
  readonly inspect?: (chunk: Uint8Array) => void
  /** Called when all bytes have arrived, before they become visible; throwing discards them. */
  readonly accept?: (received: Received) => void | Promise<void>
  /** Bytes received so far, for progress displays. Called at most a few times a second. */
  readonly progress?: (bytes: number) => void
  readonly signal?: AbortSignal
}

export type Received = { readonly size: number; readonly digests: Digests }

/** Inclusive byte positions. */
export type ByteRange = { readonly start: number; readonly end: number }

export type StoredBlob = {
  readonly id: string
  readonly size: number
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number
  /** False for something that is still being received, or whose reception was cut off. */
  readonly complete: boolean
}

export type Space = { readonly freeBytes: number; readonly totalBytes: number }

export interface Store {
  /** `default`, or the name given in IMAGEPORT_STORE_URL. */
  readonly name: string
  /** `file` or `s3`. */
  readonly type: string

  /** Creates what the store needs (directories, bucket) and checks that it can be written. Throws `unavailable`. */
  open(): Promise<void>
  close(): Promise<void>

  /**
   * Takes a stream in and makes it durable under `id`.
   * @throws Failure `too-large`, `no-space`, `interrupted` (source broke off or signal aborted), `unavailable`; or
   * whatever `inspect` or `accept` threw. After a throw nothing remains.
   */
  receive(id: string, source: AsyncIterable<Uint8Array>, options: ReceiveOptions): Promise<Received>

  /**
   * The bytes of a blob, or of a part of it. The chunks may be views of a buffer that is reused: consume or copy a
   * chunk before asking for the next one.
   * @throws Failure `data-lost` when the blob is not there, before the first chunk; `unavailable`.
   */
  read(id: string, range?: ByteRange): AsyncIterable<Uint8Array>

  /**
   * Reads a blob again and computes its digests, in the same threads as `receive`.
   * @throws Failure `data-lost`, `unavailable`; `interrupted` when the signal is aborted.
   */
  digest(id: string, digests: readonly DigestName[], signal?: AbortSignal): Promise<Received>

  /** Size in bytes, or null when the blob is not there. */
  size(id: string): Promise<number | null>

  /** Removes the blob; removing what is not there is no error. */
  delete(id: string): Promise<void>

  /** All blobs, incomplete ones included, in no particular order and without holding them all in memory. */
  list(): AsyncIterable<StoredBlob>

  /** Null where the store cannot tell (object stores). */
  space(): Promise<Space | null>
}

/** The stores of this installation; the first is the one that takes new images. */
export type Stores = {
  readonly all: readonly { readonly store: Store; readonly readOnly: boolean }[]
}
