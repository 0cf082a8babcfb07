/**
 * The files of disks whose instances are only records, below the directory `IMAGEPORT_DISKS_DIR`. Who writes such a
 * record names a file; nothing outside of the directory can be reached that way, be it by the name, by symbolic links or
 * by what an image says about where the rest of it is.
 */
import { open, realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, sep } from 'node:path'
import { Failure } from '../catalogue/failure.ts'
import { diskChain } from './qemu-img.ts'

export type DiskFiles = {
  /**
   * The real path of a file that is named relative to the directory.
   * @throws Failure `unavailable` (reason `disks-dir`) when there is no directory; `forbidden` for a name that leads out of
   * it; `not-found` when there is no regular file of the name (subject `disk`)
   */
  resolve(name: string): Promise<string>
  /**
   * Refuses an image that consists of files outside of the directory. Inside of it are the disks of others, too: a qcow2
   * image may refer to further files only when its name says that it is one, because the guest of a raw disk can write
   * the first bytes of an image over its own.
   * @param file as `resolve` gave it
   * @throws Failure `forbidden`; `content`, also as `diskChain`
   */
  demandContained(file: string, format: string, signal?: AbortSignal): Promise<void>
}

/** @param directory IMAGEPORT_DISKS_DIR; null when it is not set */
export function diskFiles(directory: string | null): DiskFiles {
  /** Its own real path, so that the directory itself may be a link. */
  async function root(): Promise<string> {
    const message = 'Disk files are not available: IMAGEPORT_DISKS_DIR names no directory.'
    const found = directory === null ? null : await realpath(directory).catch(() => null)
    const isDirectory = found !== null && (await stat(found).catch(() => null))?.isDirectory()
    if (!isDirectory) throw new Failure('unavailable', message, { reason: 'disks-dir' })
    return found
  }

  async function contained(path: string, name: string): Promise<string> {
    const base = await root()
    const real = await realpath(path).catch((error: unknown) => {
      throw absent(name, error)
    })
    if (!real.startsWith(base.endsWith(sep) ? base : base + sep)) throw outside(name)
    return real
  }

  return {
    async resolve(name) {
      const base = await root()
      if (name.includes('\0') || isAbsolute(name) || name.split(/[/\\]/).includes('..')) throw outside(name)
      const real = await contained(join(base, name), name)
      if (!(await stat(real)).isFile()) throw absent(name)
      return real
    },

    async demandContained(file, format, signal) {
      const mayRefer = format !== 'qcow2' || file.endsWith('.qcow2')
      for await (const part of diskChain(file, format, { signal })) {
        if (part !== file && !mayRefer) throw disguised()
        await contained(part, part)
      }
    },
  }
}

/**
 * `qcow2` when the file begins as one, else `raw`. Anything else that it may hold is then exported byte for byte and
 * interpreted by nobody.
 * @throws Failure `not-found`
 */
export async function diskFormat(file: string): Promise<'qcow2' | 'raw'> {
  const handle = await open(file).catch((error: unknown) => {
    throw absent(file, error)
  })
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0)
    return bytesRead === 4 && buffer.readUInt32BE(0) === 0x514649fb ? 'qcow2' : 'raw'
  } finally {
    await handle.close()
  }
}

function outside(name: string): Failure {
  const detail = { subject: 'disk', id: name, reason: 'outside' }
  return new Failure('forbidden', 'The disk file is outside of the directory for disk files.', detail)
}

function disguised(): Failure {
  const message = 'The disk refers to other files, and its name does not say that it is a qcow2 image.'
  return new Failure('content', message, { subject: 'disk' })
}

function absent(name: string, cause?: unknown): Failure {
  const detail = { subject: 'disk', id: name }
  return new Failure('not-found', 'There is no such disk file.', detail, { cause })
}
