/** Small pieces under the file store: durable writing, full reads, and what errors of the file system mean. */
import { type FileHandle, open, stat } from 'node:fs/promises'
import { Failure, isFailure } from '../catalogue/failure.ts'
import { mebibyte } from './intake.ts'

/** Measured: syncing along the way leaves some 50 ms for the end instead of seconds. */
const syncEveryBytes = 64 * mebibyte

/** ENOSPC: no blocks; EDQUOT: none for this user. */
const fullCodes = new Set(['ENOSPC', 'EDQUOT'])

export function errorCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | null)?.code
}

export function isFull(error: unknown): boolean {
  return fullCodes.has(errorCode(error) ?? '')
}

/** What an error of the file system means; a Failure is passed on as it is. */
export function fileFailure(error: unknown, store: string): Failure {
  if (isFailure(error)) return error
  const detail = { subject: 'store', id: store }
  if (isFull(error)) return new Failure('no-space', `The store ${store} is full.`, detail, { cause: error })
  return new Failure('unavailable', `The store ${store} cannot be used at the moment.`, detail, {
    cause: error,
  })
}

export type FileWriter = {
  /** Writes follow one another, whoever calls. */
  write(bytes: Buffer, position: number): Promise<void>
  /** Everything written so far is on the disk when this returns. */
  sync(): Promise<void>
  /** Fails the writes that have not begun. */
  stop(): void
  /** Settled when nothing uses the file any more. Never throws. */
  idle(): Promise<void>
}

/** Writes one after the other, because the kernel would make them queue in our few threads anyway. */
export function fileWriter(file: FileHandle, store: string): FileWriter {
  let last: Promise<void> = Promise.resolve()
  let syncing: Promise<void> | undefined
  let syncError: unknown
  let unsynced = 0
  let stopped = false

  async function writeFully(bytes: Buffer, position: number) {
    if (stopped) throw new Failure('interrupted', 'The transfer was given up.')
    if (syncError) throw syncError
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
      done += bytesWritten
    }
    unsynced += bytes.length
    if (unsynced < syncEveryBytes || syncing) return
    unsynced = 0
    syncing = file
      .datasync()
      .catch((error) => {
        // Reported by the next write: the kernel tells a lost page only once.
        syncError = error
      })
      .finally(() => {
        syncing = undefined
      })
  }

  return {
    write(bytes, position) {
      const written = last.then(() => writeFully(bytes, position))
      last = written.catch(() => {
        stopped = true
      })
      return written.catch((error) => {
        throw fileFailure(error, store)
      })
    },
    async sync() {
      await last
      await syncing
      try {
        if (syncError) throw syncError
        await file.datasync()
      } catch (error) {
        throw fileFailure(error, store)
      }
    },
    stop() {
      stopped = true
    },
    async idle() {
      await last
      await syncing
    },
  }
}

/** Fills as much of the buffer as the file has; less than `length` only at its end. */
export async function readFully(
  file: FileHandle,
  buffer: Buffer,
  position: number,
  length: number,
): Promise<number> {
  let done = 0
  while (done < length) {
    const { bytesRead } = await file.read(buffer, done, length - done, position + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return done
}

export async function statOrNull(path: string) {
  try {
    return await stat(path)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw error
  }
}

/** Makes names in a directory (new, renamed) survive a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
