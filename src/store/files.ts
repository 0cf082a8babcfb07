/**
 * Blobs as local files: `ab/abcd….part` while bytes arrive, then fdatasync, rename to `ab/abcd…` and a sync
 * of the directory, so that a name without `.part` always stands for bytes that survive a power cut.
 */
import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, opendir, rename, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../catalogue/failure.ts'
import { blobLost, blobShort, checkBlobId, checkRange, isBlobId, occupied, readOnlyStore } from './blob-id.ts'
import {
  errorCode,
  type FileWriter,
  fileFailure,
  fileWriter,
  isFull,
  readFully,
  statOrNull,
  syncDirectory,
} from './file-io.ts'
import { cancelled, digestStream, interrupted, mebibyte, takeIn } from './intake.ts'
import { slotPool } from './slots.ts'
import type { Store } from './store.ts'

export type FilesOptions = {
  readonly name: string
  /** Absolute path. Nothing else should be kept in it. */
  readonly directory: string
  readonly readOnly?: boolean
}

const partSuffix = '.part'
const pool = slotPool({ slotBytes: mebibyte, perLease: 8, extra: 16 })

/** A store in a directory of this machine (or of a file system that it mounts). */
export function filesStore({ name, directory, readOnly = false }: FilesOptions): Store {
  const folderOf = (id: string) => join(directory, id.slice(0, 2))
  const pathOf = (id: string) => join(folderOf(id), id)
  const partOf = (id: string) => pathOf(id) + partSuffix

  /** Turns what the file system says into a Failure; lets Failures of others pass. */
  const failed = (error: unknown): Failure => fileFailure(error, name)

  async function openPart(id: string): Promise<FileHandle> {
    try {
      if (await mkdir(folderOf(id), { recursive: true, mode: 0o700 })) await syncDirectory(directory)
      if (await statOrNull(pathOf(id))) throw occupied(id)
      return await open(partOf(id), 'wx', 0o600)
    } catch (error) {
      throw errorCode(error) === 'EEXIST' ? occupied(id, error) : failed(error)
    }
  }

  async function publish(id: string): Promise<void> {
    try {
      await rename(partOf(id), pathOf(id))
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw failed(error)
      throw interrupted('The blob was deleted while it was being received.', error)
    }
    try {
      await syncDirectory(folderOf(id))
    } catch (error) {
      await rm(pathOf(id), { force: true })
      throw failed(error)
    }
  }

  return {
    name,
    type: 'file',

    async open() {
      try {
        if (readOnly) {
          await stat(directory)
          return
        }
        await mkdir(directory, { recursive: true, mode: 0o700 })
        const probe = join(directory, `.probe-${randomUUID()}`)
        await (await open(probe, 'wx', 0o600)).close()
        await rm(probe)
      } catch (error) {
        // A full disk can still be read, and be emptied through us.
        if (isFull(error)) return
        const message = `The store ${name} cannot use its directory ${directory}.`
        throw new Failure('unavailable', message, { subject: 'store', id: name }, { cause: error })
      }
    },

    async close() {},

    async receive(id, source, options) {
      checkBlobId(id)
      if (readOnly) throw readOnlyStore(name)
      let file: FileHandle | undefined
      let writer: FileWriter | undefined
      try {
        file = await openPart(id)
        writer = fileWriter(file, name)
        const received = await takeIn(source, options, { pool, ...writer })
        await writer.sync()
        if (options.signal?.aborted) throw cancelled(options.signal)
        await file.close()
        await publish(id)
        return received
      } catch (error) {
        await writer?.idle()
        await file?.close().catch(() => {})
        if (file) await rm(partOf(id), { force: true })
        throw error
      }
    },

    async *read(id, range) {
      checkBlobId(id)
      checkRange(range)
      const file = await open(pathOf(id), 'r').catch((error) => {
        throw errorCode(error) === 'ENOENT' ? blobLost(id, error) : failed(error)
      })
      let ahead: Promise<number> | undefined
      try {
        const { size } = await file.stat()
        const start = range?.start ?? 0
        const end = range ? range.end + 1 : size
        if (end > size) throw blobShort(id)
        if (start === end) return
        const length = Math.min(mebibyte, end - start)
        const fill = (buffer: Buffer, at: number) => readFully(file, buffer, at, Math.min(length, end - at))
        let current = Buffer.allocUnsafeSlow(length)
        let next = end - start > length ? Buffer.allocUnsafeSlow(length) : current
        let got = await fill(current, start)
        for (let at = start; at < end; ) {
          // The file may have been cut since its size was asked.
          if (got === 0) throw blobShort(id)
          const after = at + got
          ahead = after < end ? fill(next, after) : undefined
          // A failed read is reported when its turn comes; until then nobody listens.
          ahead?.catch(() => {})
          yield current.subarray(0, got)
          at = after
          if (ahead) got = await ahead
          ;[current, next] = [next, current]
        }
      } catch (error) {
        throw failed(error)
      } finally {
        // The consumer may stop early, while a read is under way in our buffer.
        await ahead?.catch(() => {})
        await file.close()
      }
    },

    async digest(id, digests, signal) {
      return await digestStream(this.read(id), digests, signal)
    },

    async size(id) {
      checkBlobId(id)
      try {
        return (await statOrNull(pathOf(id)))?.size ?? null
      } catch (error) {
        throw failed(error)
      }
    },

    async delete(id) {
      checkBlobId(id)
      if (readOnly) throw readOnlyStore(name)
      try {
        await rm(pathOf(id), { force: true })
        await rm(partOf(id), { force: true })
      } catch (error) {
        throw failed(error)
      }
    },

    async *list() {
      try {
        for await (const folder of await opendir(directory)) {
          if (!folder.isDirectory() || !/^[0-9a-f-]{2}$/.test(folder.name)) continue
          for await (const entry of await opendir(join(directory, folder.name))) {
            const complete = !entry.name.endsWith(partSuffix)
            const id = complete ? entry.name : entry.name.slice(0, -partSuffix.length)
            if (!entry.isFile() || !isBlobId(id)) continue
            // Null: finished, renamed or removed since the directory was read.
            const found = await statOrNull(join(directory, folder.name, entry.name))
            if (found) yield { id, size: found.size, modifiedAt: found.mtimeMs, complete }
          }
        }
      } catch (error) {
        throw failed(error)
      }
    },

    async space() {
      try {
        const { bavail, blocks, bsize } = await statfs(directory)
        return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
      } catch (error) {
        throw failed(error)
      }
    },
  }
}
