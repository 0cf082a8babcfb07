/** What inspection can recognise. `raw` is what remains when nothing else matches. */
export type DetectedFormat =
  | 'raw'
  | 'qcow2'
  | 'qed'
  | 'vmdk'
  | 'vhd'
  | 'vhdx'
  | 'vdi'
  | 'iso'
  | 'ploop'
  | 'luks'
  | 'gpt'
  | 'mbr'

export type Compression = 'gzip' | 'bzip2' | 'xz' | 'zstd'

/** Something in the content that is worth refusing, or only worth a line in the log. */
export type Problem = {
  readonly format: DetectedFormat
  /** A stable word, e.g. `backing-file`, `data-file`, `vmdk-extent`. */
  readonly reason: string
  /** A sentence for people. */
  readonly message: string
}

/** What one format's inspector says at the end of the data. */
export type Verdict = {
  readonly format: DetectedFormat
  /** False: it does not count as this format, and yet something has to be said about it. */
  readonly matches: boolean
  /** Bytes; null where the header does not say, or says more than a JavaScript number can hold. */
  readonly virtualSize: number | null
  /** What makes the content hostile: it is refused whatever it is declared to be. */
  readonly problems: readonly Problem[]
  /** What is odd but harmless. */
  readonly remarks: readonly Problem[]
}

/** What all inspectors together found in one stream. */
export type Finding = {
  readonly format: DetectedFormat | 'ambiguous'
  /** Every format whose signature was there; empty for raw. */
  readonly matches: readonly DetectedFormat[]
  /** The stream is wrapped as a whole; what is inside was not looked at. */
  readonly compression: Compression | null
  /** Bytes that a machine would see; null where unknown (also for ambiguous content). */
  readonly virtualSize: number | null
  /** Bytes in the stream. */
  readonly size: number
  readonly problems: readonly Problem[]
  readonly remarks: readonly Problem[]
}

/** A verdict of "this is it", with problems where there are any. */
export function match(
  format: DetectedFormat,
  virtualSize: number | null,
  problems: readonly Problem[] = [],
): Verdict {
  return { format, matches: true, virtualSize, problems, remarks: [] }
}

/** A 64-bit size from a header. Contract glance 23.3 caps at 2^63−1; exactness ends earlier. */
export function safeSize(bytes: bigint): number | null {
  return bytes <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(bytes) : null
}
