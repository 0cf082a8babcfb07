import type { Selectable } from 'kysely'
import { prepared } from '../../database/prepared.ts'
import type { CredentialKind, UsersTable } from '../../database/schema.ts'
import { demandDirectory } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Core, Query } from '../core.ts'
import { Failure } from '../failure.ts'
import { fold } from '../fold.ts'
import { isRole, type Role } from '../roles.ts'
import { now, second } from '../time.ts'
import type { TokenData } from './credentials.ts'
import { isInside } from './networks.ts'
import { sessions } from './sessions.ts'
import { tokens } from './tokens.ts'

/** A user with the roles it has by itself and through its groups. */
export type Account = {
  readonly id: number
  readonly uuid: string
  readonly username: string
  readonly firstName: string
  readonly lastName: string
  readonly email: string
  readonly superAdmin: boolean
  readonly enabled: boolean
  readonly apiAccess: boolean
  readonly defaultProjectId: number | null
  readonly createdAt: number
  readonly updatedAt: number
  /** Project id → roles there. */
  readonly roles: ReadonlyMap<number, ReadonlySet<Role>>
}

type Remembered = {
  readonly account: Account
  readonly expiresAt: number | null
  /** Where the token may be used from; none: from anywhere. */
  readonly networks: readonly string[]
  readonly until: number
  readonly version: number | null
}

const byLookup = prepared((query: Query, { kind, lookup }: { kind: CredentialKind; lookup: string }) =>
  query
    .selectFrom('credentials')
    .innerJoin('users', 'users.id', 'credentials.user_id')
    .selectAll('users')
    .select(['credentials.expires_at', 'credentials.data_json'])
    .where('credentials.kind', '=', kind)
    .where('credentials.lookup', '=', lookup),
)

/**
 * How long an account found by its token may be remembered: until anybody writes, where the database can tell, else
 * the one second that one-catalogue.md section 4, rule 1, allows. The same account is the same object as long.
 */
const rememberedFor = 1 * second
const rememberedAtMost = 10_000

/**
 * Who somebody is. Every refusal is the Failure `unauthenticated`; its `reason` is for faces that tell cases apart:
 * `unknown`, `expired`, `address`, `disabled`.
 */
export function users(core: Core) {
  const { database, secrets } = core
  const remembered = new Map<string, Remembered>()

  async function load(row: Selectable<UsersTable>): Promise<Account> {
    return toAccount(row, await rolesOf(database.db, row.id))
  }

  return {
    ...tokens(core, () => remembered.clear()),
    ...sessions(core),

    /**
     * The account that a token or key of this kind belongs to.
     * @param address where it is used from
     * @throws Failure `unauthenticated`
     */
    async byToken(kind: CredentialKind, token: string, address: string): Promise<Account> {
      const key = `${kind}:${token}`
      const at = now()
      const version = database.version()
      let known = remembered.get(key)
      if (!known || (version === null ? known.until < at : known.version !== version)) {
        const [row] = await byLookup(database.db, { kind, lookup: secrets.lookup(token) })
        if (!row) throw unauthenticated('unknown')
        known = {
          account: await load(row),
          expiresAt: row.expires_at,
          networks: (JSON.parse(row.data_json) as TokenData).networks ?? [],
          until: at + rememberedFor,
          version,
        }
        if (remembered.size >= rememberedAtMost) remembered.clear()
        remembered.set(key, known)
      }
      if (known.expiresAt !== null && known.expiresAt <= at) throw unauthenticated('expired')
      if (known.networks.length > 0 && !isInside(address, known.networks)) throw unauthenticated('address')
      if (!known.account.enabled) throw unauthenticated('disabled')
      return known.account
    },

    /** The account with this name and password; an unknown name takes as long as a wrong password. */
    async byPassword(username: string, password: string): Promise<Account> {
      const row = await database.db
        .selectFrom('users')
        .selectAll()
        .where('username_fold', '=', fold(username))
        .executeTakeFirst()
      const credential =
        row &&
        (await database.db
          .selectFrom('credentials')
          .select('hash')
          .where('user_id', '=', row.id)
          .where('kind', '=', 'password')
          .executeTakeFirst())
      const matches = await secrets.matches(password, credential?.hash ?? null)
      if (!row || !matches) throw unauthenticated('unknown')
      if (row.enabled === 0) throw unauthenticated('disabled')
      return load(row)
    },

    /** @throws Failure `forbidden`, `not-found`. */
    async view(actor: Actor, username: string): Promise<Account> {
      const row = await database.db
        .selectFrom('users')
        .selectAll()
        .where('username_fold', '=', fold(username))
        .executeTakeFirst()
      if (!row || row.id !== actor.userId) demandDirectory(actor)
      if (!row)
        throw new Failure('not-found', `No user found with name ${username}`, {
          subject: 'user',
          id: username,
        })
      return load(row)
    },

    /** The id of an enabled user, for those who name another as the owner of a thing; null when there is none. */
    async idOfActive(username: string): Promise<number | null> {
      const row = await database.db
        .selectFrom('users')
        .select('id')
        .where('username_fold', '=', fold(username))
        .where('enabled', '=', 1)
        .executeTakeFirst()
      return row?.id ?? null
    },

    /** Names for ids, as other things show them; who is gone is missing. */
    async usernames(ids: Iterable<number | null>): Promise<ReadonlyMap<number, string>> {
      const wanted = [...new Set(ids)].filter((id) => id !== null)
      if (wanted.length === 0) return new Map()
      const rows = await database.db
        .selectFrom('users')
        .select(['id', 'username'])
        .where('id', 'in', wanted)
        .execute()
      return new Map(rows.map(({ id, username }) => [id, username]))
    },

    async byId(id: number): Promise<Account | undefined> {
      const row = await database.db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst()
      return row && load(row)
    },

    /** @throws Failure `forbidden`. */
    async list(actor: Actor, page: { offset: number; limit: number }): Promise<Account[]> {
      demandDirectory(actor)
      const rows = await database.db
        .selectFrom('users')
        .selectAll()
        .orderBy('username_fold')
        .limit(page.limit)
        .offset(page.offset)
        .execute()
      return Promise.all(rows.map(load))
    },

    /** The ids of the users who have a role in a project. */
    async idsIn(projectId: number): Promise<number[]> {
      const direct = database.db
        .selectFrom('role_assignments')
        .select('user_id as id')
        .where('project_id', '=', projectId)
        .where('user_id', 'is not', null)
      const grouped = database.db
        .selectFrom('role_assignments')
        .innerJoin('group_users', 'group_users.group_id', 'role_assignments.group_id')
        .select('group_users.user_id as id')
        .where('project_id', '=', projectId)
      const rows = await direct.union(grouped).execute()
      return rows.map((row) => row.id!).sort((a, b) => a - b)
    },

    /** After any change to users, groups or roles made by this process. */
    forget: () => remembered.clear(),
  }
}

function unauthenticated(reason: 'unknown' | 'expired' | 'address' | 'disabled'): Failure {
  return new Failure('unauthenticated', 'The credentials are not valid.', { reason })
}

async function rolesOf(query: Query, userId: number): Promise<Map<number, Set<Role>>> {
  const direct = query
    .selectFrom('role_assignments')
    .select(['project_id', 'role'])
    .where('user_id', '=', userId)
  const grouped = query
    .selectFrom('role_assignments')
    .innerJoin('group_users', 'group_users.group_id', 'role_assignments.group_id')
    .select(['role_assignments.project_id', 'role_assignments.role'])
    .where('group_users.user_id', '=', userId)
  const roles = new Map<number, Set<Role>>()
  for (const { project_id, role } of await direct.union(grouped).execute()) {
    if (project_id === null || !isRole(role)) continue
    roles.set(project_id, (roles.get(project_id) ?? new Set()).add(role))
  }
  return roles
}

function toAccount(row: Selectable<UsersTable>, roles: Account['roles']): Account {
  return {
    id: row.id,
    uuid: row.uuid,
    username: row.username,
    firstName: row.first_name,
    lastName: row.last_name,
    email: row.email,
    superAdmin: row.super_admin === 1,
    enabled: row.enabled === 1,
    apiAccess: row.api_access === 1,
    defaultProjectId: row.default_project_id,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    roles,
  }
}
