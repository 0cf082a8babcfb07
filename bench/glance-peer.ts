import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { freePort } from '../test/support/ports.ts'
import { freshPostgresUrl } from '../test/support/postgres.ts'
import { fillGlance } from './glance-fill.ts'
import type { Cloud } from './openstack.ts'
import { childrenOf, start, stop } from './processes.ts'

export const glanceName = 'glance-api'
const program = '/usr/bin/glance-api'
const manage = '/usr/bin/glance-manage'
const paste = '/etc/glance/glance-api-paste.ini'

/** Why there is nothing to compare with; null where Debian's glance-api is installed. */
export function glanceMissing(): string | null {
  return [program, manage, paste].every((file) => existsSync(file))
    ? null
    : "Debian's glance-api is not installed (apt-get install --no-install-recommends glance-api)"
}

export type Glance = {
  readonly cloud: Cloud
  /** Ids of images, spread over the catalogue. */
  readonly ids: readonly string[]
  /** Where its bytes are. */
  readonly store: string
  stop(): Promise<void>
}

/**
 * Debian's glance-api with a private configuration, from a directory of its own: two workers, files, and what favours
 * it. Nobody has to log in (its pipeline without Keystone makes everybody an administrator), and its database is a
 * PostgreSQL that syncs nothing: with SQLite its reads cost the same and its writes a fifth more.
 * @param count how many images it begins with
 */
export async function startGlance(directory: string, count: number, wanted: number): Promise<Glance> {
  const store = join(directory, 'images')
  for (const name of ['images', 'staging', 'tasks'])
    mkdirSync(join(directory, name), { recursive: true, mode: 0o700 })
  const database = (await freshPostgresUrl()).replace(/^postgres:/, 'postgresql:')
  const port = await freePort()
  const file = join(directory, 'glance.conf')
  writeFileSync(file, configuration(directory, database, port), { mode: 0o600 })
  await run(manage, ['--config-file', file, 'db_sync'])
  const ids = await fillGlance(database, count, wanted)
  const child = start(program, ['--config-file', file], { cwd: directory, stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  for (let attempt = 0; !(await answers(url)); attempt++) {
    if (attempt > 300 || child.exitCode !== null)
      throw new Error(`glance-api did not start; see ${directory}/glance.log`)
    await setTimeout(200)
  }
  const pids = [child.pid!, ...childrenOf(child.pid!)]
  return { cloud: { url, pids, headers: {} }, ids, store, stop: () => stop(child) }
}

function configuration(directory: string, database: string, port: number): string {
  return `[DEFAULT]
bind_host = 127.0.0.1
bind_port = ${port}
workers = 2
use_stderr = false
log_file = ${join(directory, 'glance.log')}
enabled_backends = file:file
[database]
connection = ${database}
[glance_store]
default_backend = file
[file]
filesystem_store_datadir = ${join(directory, 'images')}
[os_glance_staging_store]
filesystem_store_datadir = ${join(directory, 'staging')}
[os_glance_tasks_store]
filesystem_store_datadir = ${join(directory, 'tasks')}
[paste_deploy]
config_file = ${paste}
flavor =
[oslo_policy]
policy_file = ${join(directory, 'policy.yaml')}
policy_dirs = ${join(directory, 'policy.d')}
`
}

/** @throws when it fails, with what it said */
function run(command: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = start(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2000)
    })
    child.once('error', reject)
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}:\n${said}`)),
    )
  })
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/v2/images?limit=1`)).status === 200
  } catch {
    return false
  }
}
