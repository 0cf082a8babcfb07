/**
 * A real object store for tests: OpenStack Swift, speaking S3, from Debian packages. Its four servers run as our
 * children on loopback and free ports, with everything they write in one temporary directory.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { debianPackage } from './debian.ts'
import { freePorts } from './ports.ts'

export type ObjectStore = {
  readonly endpoint: string
  readonly region: string
  readonly accessKey: string
  readonly secretKey: string
  /** A value for IMAGEPORT_STORE_URL. */
  url(bucket: string, prefix?: string): string
  /** Ends the servers and removes their data. */
  stop(): Promise<void>
}

const run = promisify(execFile)
const kinds = ['account', 'container', 'object'] as const
const region = 'us-east-1'
const accessKey = 'test:tester'
const secretKey = 'testing'

/** Starts the servers, or returns null (after a message on stderr) where they cannot be installed. */
export async function startObjectStore(): Promise<ObjectStore | null> {
  if (!(await debianPackage('swift-proxy', 'swift-account', 'swift-container', 'swift-object'))) return null
  const directory = await mkdtemp(join(tmpdir(), 'imageport-swift-'))
  const children: ChildProcess[] = []
  const killAll = () => {
    for (const child of children) child.kill('SIGKILL')
  }
  // When the test run ends without getting to `stop`.
  process.once('exit', killAll)
  const stop = async () => {
    process.off('exit', killAll)
    await Promise.all(children.map(end))
    await rm(directory, { recursive: true, force: true })
  }
  try {
    const ports = await freePorts(4)
    await writeSettings(directory, ports)
    await Promise.all(kinds.map((kind, index) => buildRing(directory, kind, ports[index]!)))
    for (const kind of [...kinds, 'proxy']) {
      const server = spawn(`swift-${kind}-server`, [join(directory, `${kind}-server.conf`)], {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: systemEnvironment(),
      })
      children.push(server)
    }
    const endpoint = `http://127.0.0.1:${ports[3]}`
    await untilAnswering(ports, children)
    const query = new URLSearchParams({ endpoint, region, accessKey, secretKey, pathStyle: 'true' })
    const url = (bucket: string, prefix = '') => `s3://${bucket}/${prefix}?${query}`
    return { endpoint, region, accessKey, secretKey, url, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The proxy insists on a cache but does without one: nothing listens on port 1, so no answer is ever stale. */
async function writeSettings(directory: string, ports: readonly number[]): Promise<void> {
  await mkdir(join(directory, 'devices', 'd1'), { recursive: true })
  const common = (port: number) => `
    [DEFAULT]
    bind_ip = 127.0.0.1
    bind_port = ${port}
    workers = 0
    user = ${userInfo().username}
    swift_dir = ${directory}
    devices = ${join(directory, 'devices')}
    mount_check = false
    disable_fallocate = true
    recon_cache_path = ${directory}
  `
  const files: Record<string, string> = {
    'swift.conf': `
      [swift-hash]
      swift_hash_path_suffix = imageport
      [storage-policy:0]
      name = only
      default = yes
    `,
    'proxy-server.conf': `${common(ports[3]!)}
      [pipeline:main]
      pipeline = catch_errors cache listing_formats bulk s3api tempauth slo proxy-server
      [app:proxy-server]
      use = egg:swift#proxy
      account_autocreate = true
      [filter:catch_errors]
      use = egg:swift#catch_errors
      [filter:cache]
      use = egg:swift#memcache
      memcache_servers = 127.0.0.1:1
      [filter:listing_formats]
      use = egg:swift#listing_formats
      [filter:bulk]
      use = egg:swift#bulk
      [filter:s3api]
      use = egg:swift#s3api
      location = ${region}
      [filter:tempauth]
      use = egg:swift#tempauth
      user_${accessKey.replace(':', '_')} = ${secretKey} .admin
      [filter:slo]
      use = egg:swift#slo
    `,
  }
  for (const [index, kind] of kinds.entries()) {
    files[`${kind}-server.conf`] = `${common(ports[index]!)}
      [pipeline:main]
      pipeline = ${kind}-server
      [app:${kind}-server]
      use = egg:swift#${kind}
    `
  }
  for (const [name, text] of Object.entries(files)) {
    // Indented lines would continue the line before them.
    await writeFile(join(directory, name), text.replace(/^ +/gm, ''))
  }
}

/** A ring says which server keeps what; ours have one device each. */
async function buildRing(directory: string, kind: string, port: number): Promise<void> {
  const builder = join(directory, `${kind}.builder`)
  const command = async (...args: string[]) => {
    await run('swift-ring-builder', [builder, ...args], { env: systemEnvironment() })
  }
  await command('create', '4', '1', '1')
  await command(
    'add',
    '--region',
    '1',
    '--zone',
    '1',
    '--ip',
    '127.0.0.1',
    '--port',
    `${port}`,
    '--device',
    'd1',
    '--weight',
    '1',
  )
  await command('rebalance')
}

/** Debian's programs, and not some other Python that comes first in PATH. */
function systemEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }
}

async function untilAnswering(ports: readonly number[], children: readonly ChildProcess[]): Promise<void> {
  let words = ''
  for (const child of children) {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-2000)
    })
  }
  const deadline = Date.now() + 60_000
  const waiting = new Set(ports)
  while (Date.now() < deadline && children.every((child) => child.exitCode === null)) {
    for (const port of waiting) {
      // Any answer will do: it is about listening.
      const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => null)
      await answer?.body?.cancel()
      if (answer) waiting.delete(port)
    }
    if (waiting.size === 0) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`Swift does not start: ${words}`)
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
}
