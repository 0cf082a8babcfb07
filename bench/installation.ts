import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { start, stop } from './processes.ts'

/** A data directory of its own with one customer and one token. */
export type Installation = {
  readonly directory: string
  readonly bootstrapFile: string
  readonly bootstrap: object
  /** Settings: everything else has its default. */
  readonly environment: Readonly<Record<string, string>>
  /** The customer's `Authorization` header on the OneCloudPlanet wire. */
  readonly authorization: string
  /** The same customer's on the Foreman wire. */
  readonly basic: string
}

export const customer = 'customer'
export const customerLogin = 'bench'
export const region = 'region-1'

/** `more` is added to the bootstrap file, and `users` to its users. */
export function install(
  parent: string,
  name: string,
  more: object = {},
  users: readonly object[] = [],
): Installation {
  const directory = join(parent, name)
  const data = join(directory, 'data')
  mkdirSync(data, { recursive: true, mode: 0o700 })
  const token = randomBytes(20).toString('hex')
  const bootstrap = {
    projects: [{ id: 2, name: customer, label: 'Customer' }],
    locations: [{ name: region, default: true }],
    users: [
      { username: customerLogin, tokens: [token], roles: [{ project: customer, role: 'owner' }] },
      ...users,
    ],
    ...more,
  }
  const bootstrapFile = join(directory, 'bootstrap.json')
  writeFileSync(bootstrapFile, JSON.stringify(bootstrap), { mode: 0o600 })
  return {
    directory,
    bootstrap,
    bootstrapFile,
    environment: {
      IMAGEPORT_DATA_DIR: data,
      IMAGEPORT_PORT: '0',
      IMAGEPORT_ADMIN_PASSWORD: randomBytes(12).toString('hex'),
    },
    authorization: `OpenAPIToken ${token}`,
    basic: `Basic ${Buffer.from(`${customerLogin}:${token}`).toString('base64')}`,
  }
}

export type Server = {
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
}

const mainFile = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const startMs = 60_000

/** The server as anybody starts it, on a free port; its log, with its default level, goes to a file. */
export async function startImageport(installation: Installation, flags: readonly string[]): Promise<Server> {
  const { directory, bootstrapFile, environment } = installation
  const log = openSync(join(directory, 'server.log'), 'a', 0o600)
  const child = start(process.execPath, [...flags, mainFile, 'serve', '--apply', bootstrapFile], {
    cwd: directory,
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', log, 'pipe'],
  })
  closeSync(log)
  const url = await listening(child)
  return { url, pid: child.pid!, stop: () => stop(child) }
}

function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    const failed = (why: string) => {
      clearTimeout(timer)
      reject(new Error(`the server ${why}${said && `; it said:\n${said}`}`))
    }
    const timer = setTimeout(() => failed('did not start in time'), startMs)
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said += text
      const url = /^Imageport is listening on (\S+)$/m.exec(said)?.[1]
      if (url === undefined) return
      clearTimeout(timer)
      child.stderr!.removeAllListeners('data').pipe(process.stderr, { end: false })
      resolve(url)
    })
    child.once('error', (error) => failed(`could not be started: ${error.message}`))
    child.once('exit', (code, signal) => failed(`ended with ${signal ?? `exit code ${code}`}`))
  })
}
