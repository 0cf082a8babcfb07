/** One stream of bytes, cut into pieces of a bounded size that are consumed one after the other. */
export type Slices = {
  /** Is there another byte? Waits until that is known. */
  more(): Promise<boolean>
  /**
   * The next bytes, at most so many. Where the sender breaks off they end, because what has arrived is worth keeping;
   * `broken` tells of it.
   */
  next(most: number): AsyncIterable<Uint8Array>
  /** Nobody wants more: the source is let go of. */
  end(): void
  /** What made the source end before its end; undefined when nothing did. */
  broken(): { readonly error: unknown } | undefined
}

export function slicesOf(source: AsyncIterable<Uint8Array>): Slices {
  const chunks = source[Symbol.asyncIterator]()
  let rest: Uint8Array | undefined
  let ended = false
  let broken: { readonly error: unknown } | undefined

  async function chunk(): Promise<Uint8Array | undefined> {
    const kept = rest
    rest = undefined
    if (kept) return kept
    try {
      while (!ended) {
        const step = await chunks.next()
        if (step.done) ended = true
        else if (step.value.length > 0) return step.value
      }
    } catch (error) {
      ended = true
      broken = { error }
    }
    return undefined
  }

  return {
    async more() {
      rest = await chunk()
      return rest !== undefined
    },
    async *next(most) {
      for (let left = most; left > 0; ) {
        const whole = await chunk()
        if (!whole) return
        const piece = whole.subarray(0, left)
        if (piece.length < whole.length) rest = whole.subarray(piece.length)
        left -= piece.length
        yield piece
      }
    },
    end() {
      // Not awaited: a source that hangs in `next` would also hang here.
      if (!ended) void Promise.resolve(chunks.return?.()).catch(() => {})
    },
    broken: () => broken,
  }
}
