import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const mainFile = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** The token of the user `eva`, who owns the project `acme`, and that of `root`, who may do everything. */
export const tokens = {
  eva: 'stc0000000000000000000000000000000000001',
  root: 'stc0000000000000000000000000000000000002',
}

const people = {
  projects: [{ id: 933016, name: 'acme', label: 'EN EN' }],
  locations: [{ id: 7, name: 'ua-central-1', description: 'Kyiv', default: true }],
  users: [
    {
      username: 'eva',
      password: 'secret',
      tokens: [tokens.eva],
      roles: [{ project: 'acme', role: 'owner' }],
    },
    { username: 'root', password: 'secret', tokens: [tokens.root], superAdmin: true },
  ],
}

export type Imageport = {
  readonly url: string
  readonly pid: number
  /** What it wrote, log and all. */
  output(): string
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>
  /** SIGKILL: as a power cut would. */
  kill(): Promise<void>
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/**
 * A real Imageport process on a free port.
 * @param document what it is told at its start: a bootstrap file's content
 */
export async function startImageport(
  dataDir: string,
  env: NodeJS.ProcessEnv = {},
  document: object = people,
): Promise<Imageport> {
  const apply = join(dataDir, '..', 'people.json')
  await writeFile(apply, JSON.stringify(document))
  const child = spawn(process.execPath, [mainFile, 'serve', '--apply', apply], {
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      IMAGEPORT_DATA_DIR: dataDir,
      IMAGEPORT_PORT: '0',
      IMAGEPORT_ADMIN_PASSWORD: 'admin-password',
      IMAGEPORT_IMPORT_ALLOW: '127.0.0.0/8',
      IMAGEPORT_FREE_SPACE_FLOOR: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  let output = ''
  const exited = once(child, 'exit').then(([code]) => {
    running.delete(child)
    return code as number | null
  })
  const url = await new Promise<string>((resolve, reject) => {
    const hear = (data: Buffer) => {
      output += data.toString()
      const found = /Imageport is listening on (\S+)/.exec(output)
      if (found) resolve(found[1]!)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    exited.then((code) => reject(new Error(`Imageport ended with ${code}:\n${output}`)))
  })
  return {
    url,
    pid: child.pid!,
    output: () => output,
    async stop() {
      child.kill('SIGTERM')
      return exited
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** A directory of its own, with a data directory to come; removed by the returned function. */
export async function place(): Promise<{ directory: string; dataDir: string; remove(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'imageport-e2e-'))
  return {
    directory,
    dataDir: join(directory, 'data'),
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}
