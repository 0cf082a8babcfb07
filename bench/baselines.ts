import { createHash } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { randomBlocks } from './content.ts'
import { mebibyte } from './options.ts'

/** The digests that an image needs before it is active (one-catalogue.md section 2). */
export const digestNames = ['md5', 'sha1', 'sha512'] as const

/** More than the processor's caches hold, as bytes from a network are. */
const blocks = 64

export type Baselines = Readonly<Record<(typeof digestNames)[number] | 'write', number>>

/** Bytes per second of what an upload cannot do without: each digest alone in one thread, and writing with fdatasync. */
export async function baselines(directory: string, bytes: number): Promise<Baselines> {
  const pool = new Uint32Array((blocks * mebibyte) / 4)
  randomBlocks(3)(pool)
  const block = (n: number) => new Uint8Array(pool.buffer, (n % blocks) * mebibyte, mebibyte)
  const count = Math.ceil(bytes / mebibyte)
  const rates: Partial<Record<keyof Baselines, number>> = {}
  for (const name of digestNames) rates[name] = bytes / (await digestSeconds(name, count, block))
  rates.write = bytes / (await writeSeconds(join(directory, 'baseline.bin'), count, block))
  return rates as Baselines
}

async function digestSeconds(name: string, count: number, block: (n: number) => Uint8Array): Promise<number> {
  const began = performance.now()
  const hash = createHash(name)
  for (let n = 0; n < count; n++) {
    hash.update(block(n))
    // Ctrl-C wants to be heard; once in 64 MiB costs nothing.
    if (n % blocks === 0) await setImmediate()
  }
  hash.digest()
  return (performance.now() - began) / 1000
}

async function writeSeconds(path: string, count: number, block: (n: number) => Uint8Array): Promise<number> {
  const file = await open(path, 'wx', 0o600)
  try {
    const began = performance.now()
    for (let n = 0; n < count; n++) await writeFully(file, block(n), n * mebibyte)
    await file.datasync()
    return (performance.now() - began) / 1000
  } finally {
    await file.close()
    await rm(path)
  }
}

async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}
