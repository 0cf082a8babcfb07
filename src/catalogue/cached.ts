/**
 * Remembers an answer for some milliseconds. Whoever asks meanwhile gets the same one, and work that hangs is not begun
 * a second time.
 */
export function cached<T>(milliseconds: number, work: () => Promise<T>): () => Promise<T> {
  let current: Promise<T> | undefined
  let until = 0
  return () => {
    if (current && performance.now() < until) return current
    until = Number.POSITIVE_INFINITY
    current = work()
    const settled = () => {
      until = performance.now() + milliseconds
    }
    current.then(settled, settled)
    return current
  }
}

/** The same promise, unless it takes longer than this; what it was then doing goes on. */
export async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
