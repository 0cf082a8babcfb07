import cluster from 'node:cluster'
import { randomBytes, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import pino, { type Logger } from 'pino'
import packageFacts from '../../package.json' with { type: 'json' }
import { systemActor } from '../catalogue/actor.ts'
import { applyBootstrap, firstStart } from '../catalogue/bootstrap/apply.ts'
import { type Catalogue, catalogueOf } from '../catalogue/catalogue.ts'
import type { Core } from '../catalogue/core.ts'
import { Failure } from '../catalogue/failure.ts'
import { refreshCleanupDates } from '../catalogue/images/ageing.ts'
import { secretsOf } from '../catalogue/people/secrets.ts'
import { migrate } from '../database/migrate.ts'
import { migrations } from '../database/migrations/index.ts'
import { openDatabase } from '../database/open.ts'
import type { Database } from '../database/schema.ts'
import { createServer } from '../http/server.ts'
import { parseAllowList } from '../outbound/allow-list.ts'
import { type Outbound, outbound } from '../outbound/outbound.ts'
import { describeSettings, type Settings } from '../settings.ts'
import { openStores } from '../store/open-stores.ts'
import { assembleUpload } from '../work/assemble-upload.ts'
import { callback } from '../work/callback.ts'
import { copyImage } from '../work/copy-image.ts'
import { deleteImage } from '../work/delete-image.ts'
import { importImage } from '../work/import-image.ts'
import { importUrl } from '../work/import-url.ts'
import { createSnapshot, deleteSnapshot, revertSnapshot } from '../work/instance-snapshots.ts'
import { instanceState } from '../work/instance-state.ts'
import { locationImport } from '../work/location-import.ts'
import { publishImage } from '../work/publish-image.ts'
import { type Runner, startRunner } from '../work/runner.ts'
import { snapshotImage } from '../work/snapshot-image.ts'
import { startUpkeep, type Upkeep } from '../work/upkeep.ts'
import { verify } from '../work/verify.ts'
import { type DataLock, lockData } from './data-lock.ts'
import { facesOf } from './faces.ts'
import { diskTools, libvirtHypervisors } from './hypervisors.ts'
import { keystoneOf } from './keystone.ts'
import { remoteOf } from './remote.ts'
import { secretKey } from './secret-file.ts'

const { version } = packageFacts as { version: string }

export const kinds = [
  importUrl,
  importImage,
  locationImport,
  assembleUpload,
  callback,
  copyImage,
  publishImage,
  deleteImage,
  verify,
  snapshotImage,
  createSnapshot,
  deleteSnapshot,
  revertSnapshot,
  instanceState,
]

/** How many tasks one process works on at once: enough to keep the network busy, few enough for two processors. */
const parallelTasks = 4

export type Assembled = {
  readonly core: Core
  readonly catalogue: Catalogue
  readonly outbound: Outbound
  close(): Promise<void>
}

/** Database, stores and catalogue, without work or wires. */
export async function assemble(settings: Settings, log: Logger): Promise<Assembled> {
  const database = await openDatabase<Database>(settings.databaseUrl, {
    synchronous: settings.sqliteSynchronous,
    poolSize: settings.databasePool,
    onTrouble: (error) => log.warn({ err: error }, 'database trouble'),
  })
  try {
    const ran = await migrate(database, migrations)
    if (ran.length > 0) log.info({ migrations: ran }, 'database brought up to date')
    const secrets = secretsOf(await secretKey(settings.secretFile))
    const stores = await openStores(settings.storeUrl)
    const fetcher = outbound({ allow: parseAllowList(settings.importAllow) })
    const keystone = await keystoneOf(settings, log)
    const core: Core = {
      database,
      secrets,
      stores: { all: stores },
      settings: {
        maxImageBytes: settings.maxImageSize,
        maxUploads: settings.maxUploads,
        freeSpaceFloorBytes: settings.freeSpaceFloor,
        quotaBytes: settings.quotaBytes,
        quotaImages: settings.quotaImages,
        quotaStagedBytes: settings.quotaStagedBytes,
        quotaUploads: settings.quotaUploads,
        importMethods: settings.importMethods,
        formatCheck: settings.formatCheck,
        cleanup: {
          enabled: settings.cleanupEnabled,
          days: settings.cleanupDays,
          formats: settings.cleanupFormats,
        },
      },
      remote: remoteOf(fetcher),
      keystone,
      hypervisors: libvirtHypervisors,
      disks: diskTools(join(settings.dataDir, 'exports'), settings.disksDir),
      processId: randomUUID(),
    }
    return {
      core,
      catalogue: catalogueOf(core),
      outbound: fetcher,
      async close() {
        await fetcher.close()
        await keystone?.close()
        await Promise.all(stores.map(({ store }) => store.close()))
        await database.close()
      },
    }
  } catch (error) {
    await database.close()
    throw error
  }
}

export type Serving = { readonly url: string; readonly app: FastifyInstance; stop(): Promise<void> }

export type ServeOptions = {
  /** A bootstrap file to apply before listening. */
  readonly apply?: string
  /** No other process of this installation is running. */
  readonly alone: boolean
  /** This process prepares the installation (first start, bootstrap file); further workers only serve. */
  readonly first: boolean
  readonly log: Logger
  /** The process must end: its lease was lost. */
  readonly lost: () => void
}

/** One serving process: catalogue, work, faces, listener. */
export async function serve(settings: Settings, options: ServeOptions): Promise<Serving> {
  const { log } = options
  const parts = await assemble(settings, log)
  const { core, catalogue } = parts
  let upkeep: Upkeep | undefined
  let runner: Runner | undefined
  try {
    if (options.first) await prepare(settings, core, options, log)
    const note = (level: 'info' | 'warn' | 'error', facts: object, message: string) =>
      log[level](facts, message)
    upkeep = await startUpkeep(parts, { alone: options.alone, leaseLost: options.lost, log: note })
    runner = await startRunner(kinds, parts, { parallel: parallelTasks, pollSeconds: 10, log: note })
    const { faces, measured } = await facesOf(settings)
    const app = await createServer(
      faces,
      { catalogue, installation: { version }, featuresOff: new Set(settings.ocpFeaturesOff) },
      {
        logger: log,
        trustedProxies: settings.trustedProxies,
        publicUrl: settings.publicUrl,
        idleSeconds: settings.idleSeconds,
        rateLimit: settings.rateLimit,
        observer: measured.observer,
      },
    )
    const url = await app.listen({ host: settings.host, port: settings.port, backlog: 1024 })
    return {
      url,
      app,
      async stop() {
        // Requests in flight end, tasks are handed back, then the rest is closed.
        await Promise.all([app.close(), runner?.stop()])
        await upkeep?.stop()
        await parts.close()
      },
    }
  } catch (error) {
    await runner?.stop()
    await upkeep?.stop()
    await parts.close()
    throw error
  }
}

/** What one process does before any of them serves. @throws Failure `invalid` (reason `bootstrap`) */
async function prepare(
  settings: Settings,
  core: Core,
  { apply }: { readonly apply?: string },
  log: Logger,
): Promise<void> {
  await makeFirst(settings, core, log)
  if (apply) await applyFile(core, apply, log)
  await refreshCleanupDates(core)
}

/** The first start makes what every installation has, and tells the password once. */
async function makeFirst(settings: Settings, core: Core, log: Logger): Promise<void> {
  const made = settings.adminPassword === null
  const password = settings.adminPassword ?? randomBytes(12).toString('base64url')
  if (!(await firstStart(core, systemActor, password))) return
  log.info('first start: user admin, project main and compute resource catalogue were made')
  // On its own, and not as a log line: logs are kept and shipped, passwords must not be.
  if (made) process.stderr.write(`\n  User "admin" has the password  ${password}  (shown only now)\n\n`)
}

/** @throws Failure `invalid` (reason `bootstrap`) naming key and line, or when the file cannot be read. */
async function applyFile(core: Core, path: string, log: Logger): Promise<void> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw new Failure('invalid', `${path} cannot be read.`, { reason: 'bootstrap' }, { cause: error })
  }
  const applied = await applyBootstrap(core, systemActor, text, path)
  log.info({ file: path, changes: applied.length }, 'bootstrap file applied')
}

/** The command `serve`: one process, or a primary that keeps several workers running. Ends with the process. */
export async function serveCommand(settings: Settings, options: { apply?: string }): Promise<void> {
  // Lines are written together, a few times a second: one write for each would cost as much as a small answer.
  const lines = pino.destination({ sync: false, minLength: 4096, periodicFlush: 250 })
  process.on('exit', () => lines.flushSync())
  const log = pino({ level: settings.logLevel }, lines)
  if (cluster.isPrimary) {
    log.info({ version, settingsFile: settings.settingsFile }, 'starting')
    log.debug({ settings: describeSettings(settings) }, 'settings')
  }
  const embedded = settings.databaseUrl.startsWith('sqlite:')
  if (cluster.isPrimary && settings.workers > 1) return superviseWorkers(settings, options, log, embedded)
  const worker = cluster.isWorker
  let lock: DataLock | undefined
  if (embedded && !worker) lock = await lockData(settings.dataDir)
  const serving = await serve(settings, {
    ...(options.apply ? { apply: options.apply } : {}),
    alone: embedded && !worker,
    first: !worker,
    log,
    lost: () => {
      log.fatal('this process was silent for too long and lost its lease; it ends')
      process.exit(1)
    },
  }).catch(async (error) => {
    await lock?.release()
    throw error
  })
  process.stderr.write(`Imageport is listening on ${serving.url}\n`)
  onStopSignal(async () => {
    log.info('stopping')
    const late = setTimeout(() => {
      log.warn('requests did not end in time')
      process.exit(1)
    }, settings.shutdownSeconds * 1000)
    late.unref()
    await serving.stop()
    await lock?.release()
    process.exit(0)
  })
}

/** Prepares the installation once, then keeps as many workers as the settings say. */
async function superviseWorkers(
  settings: Settings,
  options: { apply?: string },
  log: Logger,
  embedded: boolean,
): Promise<void> {
  const lock = embedded ? await lockData(settings.dataDir) : undefined
  const parts = await assemble(settings, log)
  try {
    await prepare(settings, parts.core, options, log)
    // Whoever is in the table of an embedded installation now is dead; of a shared one that is not known.
    if (embedded) await parts.core.database.db.deleteFrom('processes').execute()
  } finally {
    await parts.close()
  }
  let stopping = false
  cluster.on('exit', (worker, code) => {
    if (stopping) return
    log.error({ pid: worker.process.pid, code }, 'a worker ended; another is started')
    // A worker that cannot start must not make the primary spin.
    setTimeout(() => !stopping && cluster.fork(), 1000)
  })
  for (let i = 0; i < settings.workers; i++) cluster.fork()
  onStopSignal(async () => {
    stopping = true
    const ended = Object.values(cluster.workers ?? {}).map(
      (worker) => new Promise((resolve) => worker!.once('exit', resolve)),
    )
    for (const worker of Object.values(cluster.workers ?? {})) worker!.kill('SIGTERM')
    await Promise.all(ended)
    await lock?.release()
    process.exit(0)
  })
}

function onStopSignal(stop: () => Promise<void>): void {
  let asked = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      if (asked) process.exit(1) // asked twice: now
      asked = true
      stop().catch((error) => {
        process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
        process.exit(1)
      })
    })
}
