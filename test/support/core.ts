import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { diskTools } from '../../src/assembly/hypervisors.ts'
import type { Actor } from '../../src/catalogue/actor.ts'
import { systemActor } from '../../src/catalogue/actor.ts'
import { applyBootstrap, firstStart } from '../../src/catalogue/bootstrap/apply.ts'
import { type Catalogue, catalogueOf } from '../../src/catalogue/catalogue.ts'
import type { CatalogueSettings, Core, Hypervisors, Keystone, Remote } from '../../src/catalogue/core.ts'
import { secretsOf } from '../../src/catalogue/people/secrets.ts'
import { migrate } from '../../src/database/migrate.ts'
import { migrations } from '../../src/database/migrations/index.ts'
import { openDatabase } from '../../src/database/open.ts'
import type { Database } from '../../src/database/schema.ts'
import { filesStore } from '../../src/store/files.ts'
import type { Store } from '../../src/store/store.ts'

export const testSettings: CatalogueSettings = {
  maxImageBytes: null,
  maxUploads: 32,
  freeSpaceFloorBytes: 0,
  quotaBytes: null,
  quotaImages: null,
  quotaStagedBytes: null,
  quotaUploads: null,
  importMethods: ['glance-direct', 'web-download', 'glance-download', 'copy-image'],
  formatCheck: 'refuse',
  cleanup: {
    enabled: false,
    days: 14,
    formats: ['raw', 'qcow2', 'iso', 'vmdk', 'vdi', 'vhd', 'ami', 'ari', 'aki'],
  },
}

export type TestCore = {
  readonly core: Core
  readonly catalogue: Catalogue
  readonly directory: string
  apply(document: object): Promise<void>
  /** An actor with these roles in the projects of that name; acts for the first. */
  actor(roles: Readonly<Record<string, string>>): Promise<Actor>
  close(): Promise<void>
}

export type TestCoreOptions = {
  readonly url?: string
  readonly settings?: Partial<CatalogueSettings>
  readonly stores?: (directory: string) => readonly Store[]
  /** Names of those that only can be read. */
  readonly readOnly?: readonly string[]
  readonly firstStart?: boolean
  readonly remote?: Remote
  /** Default: none, so that tokens are the catalogue's own. */
  readonly keystone?: Keystone
  /** Default: none, so that every compute resource is a record. */
  readonly hypervisors?: Hypervisors
  /** IMAGEPORT_DISKS_DIR. */
  readonly disksDirectory?: string
}

const noHypervisors: Hypervisors = { at: () => null, isHere: () => false }

/** A catalogue on a database (SQLite in memory by default) and a file store of its own. */
export async function testCore(options: TestCoreOptions = {}): Promise<TestCore> {
  const directory = await mkdtemp(join(tmpdir(), 'imageport-core-'))
  const database = await openDatabase<Database>(options.url ?? 'sqlite::memory:')
  await migrate(database, migrations)
  const stores = options.stores?.(directory) ?? [
    filesStore({ name: 'default', directory: join(directory, 'blobs') }),
  ]
  for (const store of stores) await store.open()
  const core: Core = {
    database,
    stores: {
      all: stores.map((store) => ({ store, readOnly: options.readOnly?.includes(store.name) ?? false })),
    },
    settings: { ...testSettings, ...options.settings },
    secrets: secretsOf(randomBytes(32), { memory: 64, passes: 1 }),
    remote: options.remote ?? {
      demandUrl: () => {},
      probe: async () => ({ size: null }),
      document: async () => '',
      async *download() {},
    },
    keystone: options.keystone ?? null,
    hypervisors: options.hypervisors ?? noHypervisors,
    disks: diskTools(join(directory, 'exports'), options.disksDirectory ?? null),
    processId: randomUUID(),
  }
  if (options.firstStart !== false) await firstStart(core, systemActor, 'test-password')
  const catalogue = catalogueOf(core)
  return {
    core,
    catalogue,
    directory,
    async apply(document) {
      await applyBootstrap(core, systemActor, JSON.stringify(document), 'test')
    },
    async actor(roles) {
      const map = new Map<number, Set<never>>()
      for (const [name, role] of Object.entries(roles)) {
        const { id } = await catalogue.projects.named(systemActor, name)
        map.set(id, new Set([role as never]))
      }
      return {
        userId: 1,
        username: 'tester',
        superAdmin: false,
        projectId: [...map.keys()][0] ?? null,
        roles: map,
        face: 'system',
        requestId: null,
      }
    },
    async close() {
      await Promise.all(stores.map((store) => store.close()))
      await database.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
