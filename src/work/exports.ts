import { mkdir, open, readdir, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Core } from '../catalogue/core.ts'
import { Failure } from '../catalogue/failure.ts'

/**
 * A file for one export, named after the process that writes it, so that what a killed process left is known.
 * The file of an earlier run of the same task is overwritten.
 */
export function exportFile({ disks, processId }: Core, taskId: string): string {
  return join(disks.exportsDirectory, `${processId}.${taskId}.qcow2`)
}

/** @throws Failure `no-space` when so many bytes would leave less than what has to stay free */
export async function demandExportSpace({ disks, settings }: Core, bytes: number): Promise<void> {
  await mkdir(disks.exportsDirectory, { recursive: true, mode: 0o700 })
  const { bavail, bsize } = await statfs(disks.exportsDirectory)
  if (bavail * bsize - bytes < settings.freeSpaceFloorBytes)
    throw new Failure('no-space', 'There is not enough free space for the export.', { reason: 'free-space' })
}

/** The bytes of an exported file, which is removed by whoever made it. */
export async function readExport(file: string): Promise<{ size: number; bytes: AsyncIterable<Uint8Array> }> {
  const { size } = await stat(file)
  return { size, bytes: chunksOf(file) }
}

async function* chunksOf(file: string): AsyncGenerator<Uint8Array> {
  const handle = await open(file)
  try {
    for (;;) {
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(2 ** 20))
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}

/** Removes what processes that are gone have left half-exported. Returns how many files there were. */
export async function sweepExports({ disks, database }: Core): Promise<number> {
  const names = await readdir(disks.exportsDirectory).catch(() => [])
  if (names.length === 0) return 0
  const living = await database.db.selectFrom('processes').select('id').execute()
  const dead = names.filter((name) => !living.some(({ id }) => name.startsWith(`${id}.`)))
  for (const name of dead) await rm(join(disks.exportsDirectory, name), { force: true })
  return dead.length
}
