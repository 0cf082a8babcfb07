import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url))

/** None of the caller's own settings. */
function cleanEnvironment(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('IMAGEPORT_') && name !== 'NODE_TEST_CONTEXT',
  )
  return { ...Object.fromEntries(kept), TZ: 'UTC', ...more }
}

export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

export type Running = { readonly child: ChildProcess; readonly ended: Promise<Ended> }

/** Starts `imageport ARGS` as a process of its own. */
export function start(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd = tmpdir(),
): Running {
  const child = spawn(process.execPath, [main, ...args], { cwd, env: cleanEnvironment(env) })
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (chunk) => out.push(chunk))
  child.stderr.on('data', (chunk) => err.push(chunk))
  const ended = once(child, 'close').then(([code]) => ({
    code: code as number | null,
    stdout: Buffer.concat(out).toString('utf8'),
    stderr: Buffer.concat(err).toString('utf8'),
  }))
  return { child, ended }
}

export type Installation = {
  readonly folder: string
  readonly dataDir: string
  readonly url: string
  /** What commands need to find the server and its local secret. */
  readonly env: Readonly<Record<string, string>>
  /** Runs one command on the server's own machine. */
  run(args: readonly string[], options?: { env?: Record<string, string>; input?: string }): Promise<Ended>
  /** The same, expecting success; returns what `--json` printed. */
  json<T>(...args: string[]): Promise<T>
  /** Stops the server and starts it again, maybe with other data. */
  restart(dataDir?: string): Promise<void>
  stop(): Promise<void>
  close(): Promise<void>
}

type Own = { -readonly [Key in keyof Installation]: Installation[Key] } & { begin(): Promise<void> }

export const adminPassword = 'correct horse'

/** A real server of its own, with a temporary data directory and any free port. */
export async function install(settings: Readonly<Record<string, string>> = {}): Promise<Installation> {
  const folder = await mkdtemp(join(tmpdir(), 'imageport-cli-'))
  let server: Running | undefined
  const own: Own = {
    folder,
    dataDir: join(folder, 'data'),
    url: '',
    env: {},

    async begin() {
      server = start(['serve'], {
        IMAGEPORT_DATA_DIR: own.dataDir,
        IMAGEPORT_PORT: '0',
        IMAGEPORT_ADMIN_PASSWORD: adminPassword,
        IMAGEPORT_LOG_LEVEL: 'error',
        IMAGEPORT_FREE_SPACE_FLOOR: '0',
        ...settings,
      })
      own.url = await listening(server)
      own.env = { IMAGEPORT_DATA_DIR: own.dataDir, IMAGEPORT_PORT: new URL(own.url).port }
    },
    async run(
      args: readonly string[],
      { env = {}, input }: { env?: Record<string, string>; input?: string } = {},
    ) {
      const { child, ended } = start(args, { ...own.env, ...env }, folder)
      child.stdin!.end(input)
      return ended
    },
    async json<T>(...args: string[]): Promise<T> {
      const { code, stdout, stderr } = await own.run([...args, '--json'])
      if (code !== 0) throw new Error(`imageport ${args.join(' ')} ended with ${code}: ${stderr}`)
      return JSON.parse(stdout)
    },
    async restart(dataDir = own.dataDir) {
      await own.stop()
      own.dataDir = dataDir
      await own.begin()
    },
    async stop() {
      server?.child.kill('SIGTERM')
      await server?.ended
      server = undefined
    },
    async close() {
      await own.stop()
      await rm(folder, { recursive: true })
    },
  }
  try {
    await own.begin()
  } catch (error) {
    await own.close()
    throw error
  }
  return own
}

/** The address a server tells when it is ready. */
async function listening({ child, ended }: Running): Promise<string> {
  let text = ''
  const told = new Promise<string>((resolve) => {
    child.stderr!.on('data', (chunk) => {
      text += chunk
      const found = /listening on (http:\S+)/.exec(text)
      if (found) resolve(found[1]!)
    })
  })
  const failed = ended.then(({ code }) => {
    throw new Error(`the server ended with ${code}: ${text}`)
  })
  failed.catch(() => {})
  return Promise.race([told, failed])
}
