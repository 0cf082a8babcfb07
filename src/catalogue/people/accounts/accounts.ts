import { randomUUID } from 'node:crypto'
import { demandPermission } from '../../access.ts'
import type { Actor } from '../../actor.ts'
import { difference, record } from '../../audit.ts'
import type { Core, Query, Trx } from '../../core.ts'
import { Failure } from '../../failure.ts'
import { fold } from '../../fold.ts'
import { demandKnown } from '../../places/associations.ts'
import { usualPlaces } from '../../places/compute-resources/assignment.ts'
import { type Listing, page } from '../../places/listing.ts'
import { refusingTwins, taken } from '../../places/violations.ts'
import { now } from '../../time.ts'
import { changeMembership } from '../membership.ts'
import { replacePassword } from '../passwords.ts'
import { searchableAccounts, selectUsers, toRecord, type UserRecord, type UserSettings } from './record.ts'
import { demandUser, type UserFacts, type UserPatch } from './rules.ts'

/** Users as Foreman manages them (foreman.md 9.6). Administrators see and write all, everybody else sees himself. */
export function accounts(core: Core, changed: () => void) {
  const { database, secrets } = core

  function visible(query: Query, actor: Actor) {
    const all = selectUsers(query)
    return actor.superAdmin ? all : all.where('users.id', '=', actor.userId ?? 0)
  }

  async function find(query: Query, actor: Actor, id: number): Promise<UserRecord> {
    const row = Number.isSafeInteger(id)
      ? await visible(query, actor).selectAll().where('users.id', '=', id).executeTakeFirst()
      : undefined
    if (!row) throw new Failure('not-found', `There is no user ${id}.`, { subject: 'user', id: String(id) })
    return toRecord(query, row)
  }

  /** Writes where the user belongs; true when that changed. @throws Failure `invalid` (reason `association`). */
  async function join(trx: Trx, id: number, patch: UserPatch): Promise<boolean> {
    const { roles, organizationIds, locationIds } = patch
    return changeMembership(trx, id, {
      ...(roles ? { roles } : {}),
      ...(organizationIds ? { projectIds: await demandKnown(trx, 'projects', organizationIds) } : {}),
      ...(locationIds ? { locationIds: await demandKnown(trx, 'locations', locationIds) } : {}),
    })
  }

  /** A slow hash has no place inside a transaction. */
  const hashed = async (password: string | null | undefined) => (password ? secrets.hash(password) : null)

  return {
    /** @throws Failure `forbidden`, `invalid` (unknown field). */
    async list(actor: Actor, query: Listing): Promise<UserRecord[]> {
      const rows = await page(
        visible(database.db, actor).selectAll(),
        query,
        searchableAccounts,
        database.engine,
      ).execute()
      const records: UserRecord[] = []
      for (const row of rows) records.push(await toRecord(database.db, row))
      return records
    },

    async count(actor: Actor, query: Listing): Promise<number> {
      const { total } = await page(
        visible(database.db, actor).select((select) => select.fn.countAll<number>().as('total')),
        query.filter ? { filter: query.filter } : {},
        searchableAccounts,
        database.engine,
      ).executeTakeFirstOrThrow()
      return Number(total)
    },

    /** @throws Failure `not-found`. */
    view: (actor: Actor, id: number): Promise<UserRecord> => find(database.db, actor, id),

    /** @throws Failure `forbidden`, `invalid` (with `fields`, or reason `association`). */
    async create(actor: Actor, draft: UserPatch): Promise<UserRecord> {
      demandPermission(actor, 'manage-directory')
      const hash = await hashed(draft.password)
      const user = await refusingTwins('user', 'login', taken, () =>
        database.transaction(async (trx) => {
          const facts = { ...nothing, ...said(draft) }
          await demandUser(trx, facts, draft, null)
          const at = now()
          const { id } = await trx
            .insertInto('users')
            .values({
              ...columns(facts, {}),
              uuid: randomUUID(),
              api_access: 1,
              callback_key: null,
              last_login_at: null,
              created_at: at,
              updated_at: at,
            })
            .returning('id')
            .executeTakeFirstOrThrow()
          await replacePassword(trx, id, hash!)
          const {
            roles,
            organizationIds = await usualPlaces(trx, 'projects'),
            locationIds = await usualPlaces(trx, 'locations'),
          } = draft
          await join(trx, id, { ...draft, organizationIds, locationIds })
          const after = { ...facts, roles, organizationIds, locationIds, password: '***' }
          await record(trx, actor, { action: 'create', kind: 'user', id, after })
          return find(trx, actor, id)
        }),
      )
      changed()
      return user
    },

    /**
     * Changes what is given.
     * @throws Failure `forbidden`, `not-found`, `invalid`; `conflict` (reason `last-admin`).
     */
    async change(actor: Actor, id: number, patch: UserPatch): Promise<UserRecord> {
      demandPermission(actor, 'manage-directory')
      const hash = await hashed(patch.password)
      const user = await refusingTwins('user', 'login', taken, () =>
        database.transaction(async (trx) => {
          const before = await find(trx, actor, id)
          const old = factsOf(before)
          const facts = { ...old, ...said(patch) }
          await demandUser(trx, facts, patch, before)
          if (!facts.superAdmin || !facts.enabled) await demandAnotherAdmin(trx, before)
          const sides = difference<object>(old, facts)
          const differs = Object.keys(sides.after).length > 0
          if (differs) {
            const { settings_json } = await trx
              .selectFrom('users')
              .select('settings_json')
              .where('id', '=', id)
              .executeTakeFirstOrThrow()
            await trx
              .updateTable('users')
              .set({ ...columns(facts, JSON.parse(settings_json)), updated_at: now() })
              .where('id', '=', id)
              .execute()
          }
          if (hash !== null) await replacePassword(trx, id, hash)
          const joined = await join(trx, id, patch)
          const { roles, organizationIds, locationIds } = patch
          if (differs || joined || hash !== null)
            await record(trx, actor, {
              action: 'update',
              kind: 'user',
              id,
              before: sides.before,
              after: {
                ...sides.after,
                ...(joined ? { roles, organizationIds, locationIds } : {}),
                ...(hash === null ? {} : { password: '***' }),
              },
            })
          return find(trx, actor, id)
        }),
      )
      changed()
      return user
    },

    /**
     * What the user made stays, without him.
     * @throws Failure `forbidden`, `not-found`; `conflict` (reason `last-admin`, or `self`).
     */
    async remove(actor: Actor, id: number): Promise<UserRecord> {
      demandPermission(actor, 'manage-directory')
      const user = await database.transaction(async (trx) => {
        const before = await find(trx, actor, id)
        if (id === actor.userId) throw refused('self', 'You cannot delete the user you are signed in as.')
        await demandAnotherAdmin(trx, before)
        await trx
          .updateTable('instances')
          .set({ owner_user_id: null })
          .where('owner_user_id', '=', id)
          .execute()
        await trx
          .updateTable('projects')
          .set({ owner_user_id: null })
          .where('owner_user_id', '=', id)
          .execute()
        await trx.deleteFrom('users').where('id', '=', id).execute()
        await record(trx, actor, { action: 'delete', kind: 'user', id, before })
        return before
      })
      changed()
      return user
    },
  }
}

/** Somebody has to be able to let others in. @throws Failure `conflict` (reason `last-admin`) */
export async function demandAnotherAdmin(
  trx: Trx,
  user: Pick<UserRecord, 'id' | 'superAdmin' | 'enabled'>,
): Promise<void> {
  if (!user.superAdmin || !user.enabled) return
  const other = await trx
    .selectFrom('users')
    .select('id')
    .where('super_admin', '=', 1)
    .where('enabled', '=', 1)
    .where('id', '<>', user.id)
    .limit(1)
    .executeTakeFirst()
  if (!other) throw refused('last-admin', 'This is the last administrator.')
}

function refused(reason: string, sentence: string): Failure {
  return new Failure('conflict', sentence, { reason, fields: { base: [sentence] } })
}

const nothing: UserFacts = {
  login: null,
  firstName: null,
  lastName: null,
  email: null,
  description: null,
  superAdmin: false,
  enabled: true,
  locale: null,
  timezone: null,
  mailEnabled: true,
  defaultProjectId: null,
  defaultLocationId: null,
}

function factsOf(user: UserRecord): UserFacts {
  return Object.fromEntries(
    Object.keys(nothing).map((name) => [name, user[name as keyof UserFacts]]),
  ) as UserFacts
}

/** Only what was said; texts without white space around them, and none is an empty one where the table wants text. */
function said(patch: UserPatch): Partial<UserFacts> {
  return Object.fromEntries(
    Object.entries(patch)
      .filter(([name, value]) => value !== undefined && Object.hasOwn(nothing, name))
      .map(([name, value]) => {
        if (value === null && ['firstName', 'lastName', 'email', 'description'].includes(name))
          return [name, '']
        return [name, typeof value === 'string' ? value.trim() : value]
      }),
  )
}

function columns(facts: UserFacts, settings: UserSettings) {
  const { locale, timezone, mailEnabled, defaultLocationId } = facts
  return {
    username: facts.login!,
    username_fold: fold(facts.login!),
    first_name: facts.firstName ?? '',
    last_name: facts.lastName ?? '',
    email: facts.email ?? '',
    description: facts.description ?? '',
    super_admin: facts.superAdmin ? (1 as const) : (0 as const),
    enabled: facts.enabled ? (1 as const) : (0 as const),
    default_project_id: facts.defaultProjectId,
    settings_json: JSON.stringify({ ...settings, locale, timezone, mailEnabled, defaultLocationId }),
  }
}
