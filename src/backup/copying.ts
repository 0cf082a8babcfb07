import { constants } from 'node:fs'
import { copyFile, link, mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Files that must be on the disk when somebody says they are. */

export async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

export async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | null)?.code
}

/** Names in a directory; none where there is no directory. */
export async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

/** What a file system says that cannot, or may not, give one file two names. */
const noLinks = new Set(['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

/**
 * Makes bytes that never change appear under a second name: as a hard link, or a copy on another file system. The
 * directory of `to` is to be synced afterwards. Null when `from` is not there (any more).
 */
export async function linkOrCopy(from: string, to: string): Promise<'linked' | 'copied' | null> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 })
  try {
    await link(from, to)
    return 'linked'
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    if (!noLinks.has(codeOf(error) ?? '')) throw error
  }
  return copyWhole(from, to)
}

async function copyWhole(from: string, to: string): Promise<'copied' | null> {
  const part = `${to}.part`
  try {
    await copyFile(from, part, constants.COPYFILE_FICLONE)
    await syncFile(part)
    await rename(part, to)
    return 'copied'
  } catch (error) {
    await rm(part, { force: true })
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

/** Writes a small file as a whole or not at all, for its owner only. */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const draft = `${path}.new`
  await rm(draft, { force: true })
  await writeFile(draft, content, { mode: 0o600 })
  await syncFile(draft)
  await rename(draft, path)
  await syncDirectory(dirname(path))
}
