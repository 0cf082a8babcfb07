/**
 * How an inspector reads a stream that only runs forward: it is a generator that yields the region it wants
 * next and is resumed with those bytes. So an inspector reads like code over a file, holds one bounded region
 * at a time, and does not notice in what pieces the data arrive.
 */
import type { Verdict } from './finding.ts'

/** The largest region that is ever kept: a VMDK descriptor. A header that asks for more is malformed. */
export const maxRegion = 1024 * 1024

/** How much of the end of a stream is kept: the VMDK footer is the longest (three sectors). */
export const tailLength = 1536

export type Want =
  | { readonly kind: 'region'; readonly offset: number; readonly length: number }
  | { readonly kind: 'tail' }

/** A region; shorter, down to nothing, where the stream ends before it does. Offsets may only grow. */
export function region(offset: number, length: number): Want {
  return { kind: 'region', offset, length }
}

/** The last 1536 bytes, less for a shorter stream. After it `source.size` is known and no region follows. */
export const tail: Want = { kind: 'tail' }

export type Source = {
  /** Bytes in the whole stream; 0 until the tail was read. */
  readonly size: number
}

export type Reading<T> = Generator<Want, T, Buffer>

/** One format's inspector: null when the content is not of this format. */
export type FormatReader = (source: Source) => Reading<Verdict | null>
