import { open } from 'node:fs/promises'
import { mebibyte } from './options.ts'

/** Fills blocks with bytes that no compression makes smaller: xorshift32, the same for the same seed. */
export function randomBlocks(seed: number): (block: Uint32Array) => void {
  let state = (Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995) | 1
  return (block) => {
    let x = state
    for (let at = 0; at < block.length; at++) {
      x ^= x << 13
      x ^= x >>> 17
      x ^= x << 5
      block[at] = x
    }
    state = x
  }
}

/** A file of such bytes, on the disk when this returns, so that writing it does not disturb what follows. */
export async function writeRandomFile(path: string, bytes: number, seed: number): Promise<void> {
  const next = randomBlocks(seed)
  const block = new Uint32Array(mebibyte / 4)
  const file = await open(path, 'wx', 0o600)
  try {
    for (let done = 0; done < bytes; done += mebibyte) {
      next(block)
      await file.writeFile(new Uint8Array(block.buffer))
    }
    await file.sync()
  } finally {
    await file.close()
  }
}

const shared = new Uint32Array((16 * mebibyte) / 4)

/**
 * The bytes of the n-th stream, in blocks of 1 MiB: random ones out of common memory, so that making eight at once
 * costs the server nothing, each block with a number of its own, so that no two streams are the same.
 */
export function* streamOf(n: number, bytes: number): Generator<Uint8Array> {
  if (shared[0] === 0) randomBlocks(7)(shared)
  const stamp = new Uint32Array(4)
  for (let done = 0; done < bytes; done += mebibyte) {
    stamp[0] = 0x6d617267 + n
    stamp[1] = done / mebibyte
    yield new Uint8Array(stamp.buffer).slice()
    const at = done % (shared.length * 4)
    yield new Uint8Array(shared.buffer, at + stamp.byteLength, mebibyte - stamp.byteLength)
  }
}
