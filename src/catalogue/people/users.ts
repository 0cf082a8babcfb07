import type { Selectable } from 'kysely'
import { prepared } from '../../database/prepared.ts'
import type { CredentialKind, UsersTable } from '../../database/schema.ts'
import { demandDirectory } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Core, Query } from '../core.ts'
import { Failure } from '../failure.ts'
import { fold } from '../fold.ts'
import type { Role } from '../roles.ts'
import { now } from '../time.ts'
import type { TokenData } from './credentials.ts'
import type { Memory } from './memory.ts'
import { isInside } from './networks.ts'
import { passwords } from './passwords.ts'
import { rolesOf } from './roles-of.ts'
import { sessions } from './sessions.ts'
import { tokens } from './tokens.ts'
import { userDetails } from './user-details.ts'
import { type UserQuestion, usersFound } from './users-found.ts'

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

/** What is remembered of a token. */
type Known = {
  readonly account: Account
  readonly expiresAt: number | null
  /** Where the token may be used from; none: from anywhere. */
  readonly networks: readonly string[]
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
 * Who somebody is. Every refusal is the Failure `unauthenticated`; its `reason` is for faces that tell cases apart:
 * `unknown`, `expired`, `address`, `disabled`.
 */
export function users(core: Core, { recall, forget }: Memory) {
  const { database, secrets } = core
  const known = recall<Known>()

  async function load(row: Selectable<UsersTable>): Promise<Account> {
    return toAccount(row, await rolesOf(database.db, row.id))
  }

  return {
    ...tokens(core, forget),
    ...sessions(core, forget),
    ...passwords(core, forget),
    ...userDetails(core),

    /**
     * The account that a token or key of this kind belongs to.
     * @param address where it is used from
     * @throws Failure `unauthenticated`
     */
    async byToken(kind: CredentialKind, token: string, address: string): Promise<Account> {
      const { account, expiresAt, networks } = await known(`${kind}:${token}`, async () => {
        const [row] = await byLookup(database.db, { kind, lookup: secrets.lookup(token) })
        if (!row) throw unauthenticated('unknown')
        const { networks = [] } = JSON.parse(row.data_json) as TokenData
        return { account: await load(row), expiresAt: row.expires_at, networks }
      })
      if (expiresAt !== null && expiresAt <= now()) throw unauthenticated('expired')
      if (networks.length > 0 && !isInside(address, networks)) throw unauthenticated('address')
      if (!account.enabled) throw unauthenticated('disabled')
      return account
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

    /** By name. @throws Failure `forbidden`. */
    async list(actor: Actor, question: UserQuestion): Promise<{ users: Account[]; total: number }> {
      demandDirectory(actor)
      const { rows, total } = await usersFound(core, question)
      return { users: await Promise.all(rows.map(load)), total }
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
    forget,
  }
}

function unauthenticated(reason: 'unknown' | 'expired' | 'address' | 'disabled'): Failure {
  return new Failure('unauthenticated', 'The credentials are not valid.', { reason })
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
