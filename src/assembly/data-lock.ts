import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../catalogue/failure.ts'

export type DataLock = { release(): Promise<void> }

/**
 * Makes sure that an embedded data directory has one server. The lock names a process by its number and the moment
 * it began, so that the lock of a killed one is seen to be stale at once.
 * @throws Failure `conflict` (reason `data-directory`) while another server lives
 */
export async function lockData(directory: string): Promise<DataLock> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, 'server.lock')
  for (let attempt = 0; ; attempt++) {
    try {
      const file = await open(path, 'wx', 0o600)
      await file.writeFile(`${process.pid} ${await beginning(process.pid)}\n`)
      await file.close()
      return { release: () => rm(path, { force: true }) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 3) throw error
    }
    const [pid, began] = (await readFile(path, 'utf8').catch(() => '')).trim().split(' ')
    if (pid && Number(pid) !== process.pid && began === (await beginning(Number(pid))))
      throw new Failure(
        'conflict',
        `Another Imageport (process ${pid}) is using the data directory ${directory}.`,
        {
          reason: 'data-directory',
        },
      )
    await rm(path, { force: true })
  }
}

/** When a process began, in the kernel's ticks; `gone` when there is none. Elsewhere than on Linux: whether it lives. */
async function beginning(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in brackets and may hold anything; the 22nd is the time of the start.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]!
  } catch {
    if (process.platform === 'linux') return 'gone'
    try {
      process.kill(pid, 0)
      return 'alive'
    } catch {
      return 'gone'
    }
  }
}
