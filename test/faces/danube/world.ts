import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { kinds } from '../../../src/assembly/serve.ts'
import { systemActor } from '../../../src/catalogue/actor.ts'
import { applyBootstrap } from '../../../src/catalogue/bootstrap/apply.ts'
import { type Task, toTask } from '../../../src/catalogue/tasks/task.ts'
import { now } from '../../../src/catalogue/time.ts'
import { type DanubeOptions, danubeFace } from '../../../src/faces/danube/index.ts'
import { parseTaskId } from '../../../src/faces/danube/task-id.ts'
import { foremanFace } from '../../../src/faces/foreman/index.ts'
import { startRunner } from '../../../src/work/runner.ts'
import { engineNames, engines } from '../../support/databases.ts'
import { freshPostgresUrl } from '../../support/postgres.ts'
import { type StartOptions, startServer, type TestServer } from '../../support/server.ts'

export type Reply = {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // Answers are compared with what the contract says, so nothing is known of them beforehand.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly body: any
}

/**
 * `admin` may do everything. In acme (2) `chief` owns the datacenter, `importer` is ImageImportAdmin, `keeper` is ImageAdmin
 * and `member` an ordinary user; `lone` has no part in anything. All of them have `main` as their current datacenter.
 */
export const people = ['admin', 'chief', 'importer', 'keeper', 'member', 'lone'] as const
export type Person = (typeof people)[number]

export type Ask = {
  /** Who asks, by session token; nobody: without credentials. `admin` unless said. */
  readonly as?: Person | 'nobody'
  readonly json?: unknown
  readonly body?: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
}

export type NewGroup = {
  readonly users: readonly Person[]
  /** Datacenter's id → role there. */
  readonly roles: Readonly<Record<number, string>>
  /** Danube's permissions; none: what the roles say. */
  readonly permissions?: readonly string[]
}

export type World = TestServer & {
  readonly tokens: Readonly<Record<Person, string>>
  readonly ids: Readonly<Record<Person, number>>
  /** @param path below `/api`, or from the root when it begins with `//` */
  ask(method: string, path: string, ask?: Ask): Promise<Reply>
  /** Asserts status and body in one go; of an envelope only status and result, whose id no test can know. */
  expect(method: string, path: string, ask: Ask, status: number, body?: unknown): Promise<Reply>
  /** Applies a bootstrap document. */
  apply(document: object): Promise<void>
  group(name: string, group: NewGroup): Promise<number>
  /** A new API key of a user. */
  apiKey(person: Person): Promise<string>
  /** The task that an answer named, when it has ended. */
  ended(taskId: string): Promise<Task>
}

export type WorldOptions = Partial<StartOptions> & { readonly danube?: DanubeOptions }

/** A server with the Danube face (and Foreman's behind it), some people and datacenters, and tasks that really run. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const { faces = [], danube = {}, ...rest } = options
  const server = await startServer({ ...rest, faces: [danubeFace(danube), ...faces, foremanFace()] })
  const { core, catalogue, outbound } = server
  const { db } = core.database
  const runner = await startRunner(
    kinds,
    { core, catalogue, outbound },
    { parallel: 2, pollSeconds: 1, log: () => {} },
  )

  await server.project(2, 'acme', { label: 'Acme Ltd' })
  await server.project(3, 'park')
  await server.project(4, 'vault')
  await db.updateTable('projects').set({ access: 'public' }).where('id', '=', 3).execute()
  const ids = {
    admin: await server.user({ username: 'admin', superAdmin: true }),
    chief: await server.user({ username: 'chief' }),
    importer: await server.user({ username: 'importer', roles: { 2: 'image_import_admin' } }),
    keeper: await server.user({ username: 'keeper', roles: { 2: 'image_admin' } }),
    member: await server.user({ username: 'member', roles: { 2: 'member' } }),
    lone: await server.user({ username: 'lone' }),
  }
  await db.updateTable('projects').set({ owner_user_id: ids.chief }).where('id', '=', 2).execute()
  await db.updateTable('projects').set({ owner_user_id: ids.admin }).where('id', 'in', [1, 3, 4]).execute()
  const tokens = Object.fromEntries(
    await Promise.all(
      people.map(async (person) => {
        const actor = { ...systemActor, userId: ids[person] }
        return [person, (await catalogue.loginTokens.open(actor, 3600)).text]
      }),
    ),
  ) as World['tokens']

  async function ask(
    method: string,
    path: string,
    { as = 'admin', json, body, headers }: Ask = {},
  ): Promise<Reply> {
    const response = await fetch(`${server.url}${path.startsWith('//') ? path.slice(1) : `/api${path}`}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(as === 'nobody' ? {} : { authorization: `Token ${tokens[as]}` }),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      ...(body === undefined ? {} : { body }),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, body: parsed(text) }
  }

  return {
    ...server,
    ids,
    tokens,
    ask,

    async expect(method, path, what, status, body) {
      const reply = await ask(method, path, what)
      const { task_id, ...told } = reply.body !== null && typeof reply.body === 'object' ? reply.body : {}
      const shown = task_id === undefined ? reply.body : told
      assert.deepEqual(
        { status: reply.status, body: body === undefined ? undefined : shown },
        { status, body },
        `${method} ${path}: ${reply.text}`,
      )
      return reply
    },

    async apply(document) {
      await applyBootstrap(core, systemActor, JSON.stringify(document), 'test')
    },

    async group(name, { users, roles, permissions }) {
      const at = now()
      const { id } = await db
        .insertInto('groups')
        .values({
          name,
          name_fold: name.toLowerCase(),
          label: name,
          bound_project_id: null,
          permissions_json: permissions ? JSON.stringify(permissions) : null,
          created_at: at,
          updated_at: at,
        })
        .returning('id')
        .executeTakeFirstOrThrow()
      for (const person of users)
        await db.insertInto('group_users').values({ group_id: id, user_id: ids[person] }).execute()
      for (const [project, role] of Object.entries(roles))
        await db
          .insertInto('role_assignments')
          .values({ user_id: null, group_id: id, project_id: Number(project), role })
          .execute()
      catalogue.users.forget()
      return id
    },

    async apiKey(person) {
      const text = `key-${randomUUID()}`
      const key = { kind: 'api-key', label: 'test', lifeSeconds: null, text } as const
      await catalogue.users.createToken(systemActor, ids[person], key)
      return text
    },

    async ended(taskId) {
      const tail = parseTaskId(taskId)?.tail ?? assert.fail(`${taskId} is no task id`)
      for (let tries = 0; tries < 400; tries++) {
        const row = await db
          .selectFrom('tasks')
          .selectAll()
          .where('id', 'like', `${tail}-%`)
          .executeTakeFirst()
        if (row && row.finished_at !== null) return toTask(row)
        await sleep(25)
      }
      assert.fail(`the task ${taskId} does not end`)
    },

    async close() {
      await runner.stop()
      await server.close()
    },
  }
}

/** Null for what is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** A server of its own on PostgreSQL, for what the two engines might do differently. */
export async function startOnPostgres(options: WorldOptions = {}): Promise<World> {
  return startWorld({ ...options, databaseUrl: await freshPostgresUrl() })
}

/** What to start a suite with on each engine, and what people call the engine. */
export const worlds = engines.map(
  (engine) => [engineNames[engine], engine === 'sqlite' ? startWorld : startOnPostgres] as const,
)
