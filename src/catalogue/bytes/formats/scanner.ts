import { maxRegion, type Reading, tailLength } from './reading.ts'

/** A reading under way. `next` is the stream offset of the byte it needs next; Infinity: the tail. */
type Reader = {
  readonly steps: Reading<void>
  next: number
  end: number
  bytes: Buffer
  filled: number
}

const nothing = Buffer.alloc(0)

/**
 * Hands a stream to readings. A chunk that none of them wants costs one comparison and the copy of its last
 * 1536 bytes. A reading that throws, or asks for what has passed, is dropped; the others go on.
 */
export class Scanner {
  /** Bytes in the whole stream; 0 until its end was seen. */
  size = 0
  #position = 0
  #readers: Reader[] = []
  /** The smallest `next` of all readers. */
  #next = Number.POSITIVE_INFINITY
  /** The last bytes, filled from the front; when full, the newest 1536 move to the front. */
  readonly #recent = Buffer.alloc(4 * tailLength)
  #recentLength = 0

  start(steps: Reading<void>): void {
    const reader: Reader = { steps, next: 0, end: 0, bytes: nothing, filled: 0 }
    this.#readers.push(reader)
    this.#advance(reader, nothing)
    this.#settle()
  }

  write(chunk: Uint8Array): void {
    const end = this.#position + chunk.length
    if (this.#next < end) {
      for (const reader of this.#readers) this.#feed(reader, chunk, end)
      this.#settle()
    }
    this.#keep(chunk)
    this.#position = end
  }

  /** Ends the stream: readings get what is left of the regions they wait for, then the tail. */
  finish(): void {
    this.size = this.#position
    const tail = this.#recent.subarray(Math.max(0, this.#recentLength - tailLength), this.#recentLength)
    for (const reader of this.#readers) {
      while (reader.next !== Number.POSITIVE_INFINITY) {
        this.#advance(reader, reader.bytes.subarray(0, reader.filled))
      }
    }
    this.#settle()
    for (const reader of this.#readers) this.#advance(reader, tail)
    this.#readers = []
  }

  #feed(reader: Reader, chunk: Uint8Array, end: number): void {
    while (reader.next < end) {
      const from = reader.next - this.#position
      const to = Math.min(reader.end, end) - this.#position
      if (reader.bytes.length === 0) reader.bytes = Buffer.alloc(reader.end - reader.next)
      reader.bytes.set(chunk.subarray(from, to), reader.filled)
      reader.filled += to - from
      reader.next += to - from
      if (reader.next === reader.end) this.#advance(reader, reader.bytes)
    }
  }

  /** Resumes a reading with its bytes and notes what it wants next. `end` 0 marks one that is over. */
  #advance(reader: Reader, bytes: Buffer): void {
    const passed = reader.end
    reader.bytes = nothing
    reader.filled = 0
    reader.next = Number.POSITIVE_INFINITY
    reader.end = 0
    try {
      const { done, value } = reader.steps.next(bytes)
      if (done) return
      if (value.kind === 'tail') {
        reader.end = Number.POSITIVE_INFINITY
        return
      }
      const { offset, length } = value
      if (!Number.isSafeInteger(offset + length) || offset < passed || length < 1 || length > maxRegion)
        return
      reader.next = offset
      reader.end = offset + length
    } catch {
      // Malformed content: this format is out of the question, and the stream goes on.
    }
  }

  #settle(): void {
    this.#readers = this.#readers.filter((reader) => reader.end !== 0)
    this.#next = this.#readers.reduce((least, { next }) => Math.min(least, next), Number.POSITIVE_INFINITY)
  }

  #keep(chunk: Uint8Array): void {
    const recent = this.#recent
    const news = chunk.length > tailLength ? chunk.subarray(chunk.length - tailLength) : chunk
    if (this.#recentLength + news.length > recent.length) {
      recent.copyWithin(0, this.#recentLength - tailLength, this.#recentLength)
      this.#recentLength = tailLength
    }
    recent.set(news, this.#recentLength)
    this.#recentLength += news.length
  }
}
