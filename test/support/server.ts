import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { sql } from 'kysely'
import { pino } from 'pino'
import { remoteOf } from '../../src/assembly/remote.ts'
import type { Catalogue } from '../../src/catalogue/catalogue.ts'
import type { CatalogueSettings, Core, Hypervisors } from '../../src/catalogue/core.ts'
import { fold } from '../../src/catalogue/fold.ts'
import type { Role } from '../../src/catalogue/roles.ts'
import { now } from '../../src/catalogue/time.ts'
import type { Face, Parts } from '../../src/http/face.ts'
import { createServer, type ServerOptions } from '../../src/http/server.ts'
import { parseAllowList } from '../../src/outbound/allow-list.ts'
import { type Outbound, outbound } from '../../src/outbound/outbound.ts'
import { type TestCoreOptions, testCore } from './core.ts'

export type StartOptions = {
  readonly faces: readonly Face[]
  readonly settings?: Partial<CatalogueSettings>
  readonly parts?: Partial<Parts>
  readonly server?: Partial<ServerOptions>
  /** Default: SQLite in memory. */
  readonly databaseUrl?: string
  /** Which private places outgoing fetches may reach; as IMAGEPORT_IMPORT_ALLOW. Default: none. */
  readonly importAllow?: string
  /** Default: none, so that every compute resource is a record. */
  readonly hypervisors?: Hypervisors
  /** IMAGEPORT_DISKS_DIR. */
  readonly disksDirectory?: string
  /** Default: one. */
  readonly stores?: TestCoreOptions['stores']
  readonly readOnly?: TestCoreOptions['readOnly']
}

export type TestUser = {
  readonly username: string
  readonly firstName?: string
  readonly lastName?: string
  readonly superAdmin?: boolean
  readonly enabled?: boolean
  readonly defaultProjectId?: number
  /** Project id → role. */
  readonly roles?: Readonly<Record<number, Role>>
}

export type TestServer = {
  /** Origin, without a slash at its end. */
  readonly url: string
  readonly app: FastifyInstance
  readonly core: Core
  readonly catalogue: Catalogue
  readonly outbound: Outbound
  /** Inserts a project; the label is its name unless given. Project 1, `main`, is there from the start. */
  project(
    id: number,
    name: string,
    more?: { label?: string; enabled?: boolean; settings?: object },
  ): Promise<void>
  /** Inserts a location; the first one becomes the default. */
  location(name: string, more?: { description?: string; enabled?: boolean }): Promise<void>
  user(user: TestUser): Promise<number>
  /** A new token of kind `token`; with a life of 0 seconds it has expired already. */
  token(userId: number, lifeSeconds?: number, networks?: readonly string[]): Promise<string>
  close(): Promise<void>
}

/**
 * A listening server with an own empty catalogue: SQLite in memory unless said, bytes in a temporary directory. Nothing is
 * replaced by a fake; `close` removes everything.
 */
export async function startServer(options: StartOptions): Promise<TestServer> {
  const fetcher = outbound({ allow: parseAllowList(options.importAllow ?? '') })
  const own = await testCore({
    ...(options.databaseUrl ? { url: options.databaseUrl } : {}),
    ...(options.settings ? { settings: options.settings } : {}),
    firstStart: false,
    remote: remoteOf(fetcher),
    ...(options.hypervisors ? { hypervisors: options.hypervisors } : {}),
    ...(options.disksDirectory ? { disksDirectory: options.disksDirectory } : {}),
    ...(options.stores ? { stores: options.stores } : {}),
    ...(options.readOnly ? { readOnly: options.readOnly } : {}),
  })
  const { core, catalogue } = own
  const parts = {
    catalogue,
    installation: { version: '0.0.0-test' },
    featuresOff: new Set<string>(),
    ...options.parts,
  }
  const app = await createServer(options.faces, parts, {
    logger: pino({ level: process.env.IMAGEPORT_TEST_LOG ?? 'silent' }),
    trustedProxies: [],
    publicUrl: null,
    idleSeconds: 20,
    ...options.server,
  })
  await app.listen({ host: '127.0.0.1', port: 0 })

  const { db } = core.database
  const at = now()
  const dates = { created_at: at, updated_at: at }
  const server: TestServer = {
    url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
    app,
    core,
    catalogue,
    outbound: fetcher,

    async project(id, name, { label = name, enabled = true, settings = {} } = {}) {
      const row = { id, uuid: randomUUID(), name, name_fold: fold(name), label, access: 'private' as const }
      await db
        .insertInto('projects')
        .values({
          ...row,
          ...dates,
          description: '',
          site: '',
          enabled: enabled ? 1 : 0,
          parent_id: null,
          owner_user_id: null,
          settings_json: JSON.stringify(settings),
        })
        .execute()
      // An id that was written by hand does not move PostgreSQL's counter by itself.
      if (core.database.engine === 'postgres')
        await sql`select setval(pg_get_serial_sequence('projects', 'id'), (select max(id) from projects))`.execute(
          db,
        )
    },

    async location(name, { description = '', enabled = true } = {}) {
      const first = (await db.selectFrom('locations').select('id').executeTakeFirst()) === undefined
      const row = {
        name,
        name_fold: fold(name),
        description,
        parent_id: null,
        enabled: enabled ? 1 : 0,
      } as const
      await db
        .insertInto('locations')
        .values({ ...row, ...dates, is_default: first ? 1 : 0 })
        .execute()
    },

    async user({ username, superAdmin = false, enabled = true, roles = {}, ...user }) {
      const { id } = await db
        .insertInto('users')
        .values({
          ...dates,
          uuid: randomUUID(),
          username,
          username_fold: fold(username),
          first_name: user.firstName ?? '',
          last_name: user.lastName ?? '',
          email: '',
          description: '',
          super_admin: superAdmin ? 1 : 0,
          enabled: enabled ? 1 : 0,
          api_access: 1,
          default_project_id: user.defaultProjectId ?? null,
          callback_key: null,
          settings_json: '{}',
          last_login_at: null,
        })
        .returning('id')
        .executeTakeFirstOrThrow()
      for (const [project, role] of Object.entries(roles)) {
        await db
          .insertInto('role_assignments')
          .values({ user_id: id, group_id: null, project_id: Number(project), role })
          .execute()
      }
      return id
    },

    async token(userId, lifeSeconds, networks) {
      const actor = { userId, username: '', superAdmin: false, projectId: null, roles: new Map() }
      const wanted = {
        kind: 'token',
        label: 'test',
        lifeSeconds: lifeSeconds ?? null,
        ...(networks ? { networks } : {}),
      } as const
      const made = await catalogue.users.createToken(
        { ...actor, face: 'system', requestId: null },
        userId,
        wanted,
      )
      return made.text
    },

    async close() {
      await app.close()
      await fetcher.close()
      await own.close()
    },
  }
  // What every installation has from its first start, without a user and a location.
  await server.project(1, 'main')
  await db
    .insertInto('compute_resources')
    .values({
      ...dates,
      id: 1,
      name: 'catalogue',
      name_fold: 'catalogue',
      provider: 'Catalogue',
      url: null,
      description: null,
      username: null,
      password: null,
      attributes_json: '{}',
    })
    .execute()
  return server
}
