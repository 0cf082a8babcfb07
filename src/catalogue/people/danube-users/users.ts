import { demandPermission } from '../../access.ts'
import type { Actor } from '../../actor.ts'
import { difference, record } from '../../audit.ts'
import { applyUser } from '../../bootstrap/people.ts'
import type { Core, Trx } from '../../core.ts'
import { Failure } from '../../failure.ts'
import { fold } from '../../fold.ts'
import { mainProjectId } from '../../images/cleanup.ts'
import { logDetail, logDone } from '../../tasks/log.ts'
import { now } from '../../time.ts'
import { demandAnotherAdmin } from '../accounts/accounts.ts'
import { datacenterNamed, type OrderTerm } from '../datacenters/datacenter.ts'
import { isTaken } from '../name-taken.ts'
import { keys } from './keys.ts'
import {
  type DanubeUserDraft,
  type DanubeUserFacts,
  type DanubeUserPatch,
  demandOwnAffairs,
  demandSelf,
  demandUnrelated,
  groupIds,
} from './rules.ts'
import {
  type DanubeUser,
  type DanubeUserSettings,
  danubeUsersOf,
  findDanubeUser,
  selectDanubeUsers,
  userNamed,
} from './user.ts'

const columns = { username: 'users.username', created: 'users.created_at' } as const

/** Users as Danube manages them (danube.md 4.4). Administrators see and write all, everybody else himself. */
export function danubeUsers(core: Core, changed: () => void) {
  const { database, secrets } = core

  function ordered(actor: Actor, order: readonly OrderTerm[]) {
    let all = selectDanubeUsers(database.db, actor.superAdmin ? {} : { id: actor.userId ?? 0 })
    for (const { field, descending } of order) {
      if (field === 'username' || field === 'created')
        all = all.orderBy(columns[field], descending ? 'desc' : 'asc')
    }
    return all.orderBy('users.id')
  }

  /** @throws Failure `forbidden` (reason `permission`), `not-found` */
  async function visible(actor: Actor, username: string): Promise<DanubeUser> {
    demandSelf(actor, (await userNamed(database.db, username))?.id)
    return findDanubeUser(database.db, username)
  }

  /** What the transaction of a change does beside the user's own row. */
  async function join(trx: Trx, id: number, patch: DanubeUserPatch): Promise<void> {
    if (patch.groups) {
      const wanted = await groupIds(trx, patch.groups)
      await trx.deleteFrom('group_users').where('user_id', '=', id).execute()
      for (const group_id of wanted)
        await trx.insertInto('group_users').values({ group_id, user_id: id }).execute()
    }
    if (patch.boundProjectId === undefined) return
    const { settings_json } = await trx
      .selectFrom('users')
      .select('settings_json')
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    const settings: DanubeUserSettings = {
      ...JSON.parse(settings_json),
      boundProjectId: patch.boundProjectId,
    }
    await trx
      .updateTable('users')
      .set({ settings_json: JSON.stringify(settings), updated_at: now() })
      .where('id', '=', id)
      .execute()
  }

  /** The user's own row and password, written as a bootstrap file would. */
  async function write(
    trx: Trx,
    actor: Actor,
    username: string,
    patch: DanubeUserPatch,
    hash: string | null,
  ): Promise<void> {
    const { email, firstName, lastName, superAdmin, enabled, apiAccess, currentDatacenter } = patch
    await applyUser(
      { trx, core, actor, applied: [] },
      {
        username,
        email,
        firstName,
        lastName,
        superAdmin,
        enabled,
        apiAccess,
        defaultProject: currentDatacenter,
      },
      new Map(hash === null ? [] : [[username, hash]]),
    )
  }

  return {
    ...keys(core, changed),

    async exists(username: string): Promise<boolean> {
      return (await userNamed(database.db, username)) !== undefined
    },

    /** @param order terms of `username` and `created` */
    async names(actor: Actor, order: readonly OrderTerm[]): Promise<string[]> {
      const rows = await ordered(actor, order).select('users.username').execute()
      return rows.map((row) => row.username)
    },

    async list(actor: Actor, order: readonly OrderTerm[]): Promise<DanubeUser[]> {
      const which = actor.superAdmin ? {} : { id: actor.userId ?? 0 }
      return danubeUsersOf(database.db, ordered(actor, order), which)
    },

    /** Also asked before a change. @throws Failure `forbidden` (reason `permission`), `not-found`. */
    view: visible,

    /**
     * Whether a user may be made, before anything is said of it.
     * @throws Failure `forbidden` (reason `permission`), `conflict` (reason `exists`).
     */
    async demandFree(actor: Actor, username: string): Promise<void> {
      demandPermission(actor, 'manage-directory')
      if (await userNamed(database.db, username)) throw userTaken(username)
    },

    /** @throws Failure `forbidden`, `conflict` (reason `exists`), `invalid` (field `groups`). */
    async create(actor: Actor, username: string, draft: DanubeUserDraft): Promise<DanubeUser> {
      demandPermission(actor, 'manage-directory')
      // A slow hash has no place inside a transaction.
      const hash = await secrets.hash(draft.password)
      const user = await database
        .transaction(async (trx) => {
          if (await userNamed(trx, username)) throw userTaken(username)
          await write(trx, actor, username, draft, hash)
          const made = await findDanubeUser(trx, username)
          await join(trx, made.id, draft)
          const after = await findDanubeUser(trx, username)
          await recordJoined(trx, actor, made, after)
          await log(trx, actor, 'Create user', after, shown(draft))
          return after
        })
        .catch((error) => {
          throw isTaken(error) ? userTaken(username) : error
        })
      changed()
      return user
    },

    /**
     * Changes what is given. Another password ends whatever the old one opened.
     * @throws Failure `forbidden`, `not-found`; `invalid` with `fields`; `conflict` (reason `last-admin`).
     */
    async change(actor: Actor, username: string, patch: DanubeUserPatch): Promise<DanubeUser> {
      await visible(actor, username)
      const hash = patch.password === undefined ? null : await secrets.hash(patch.password)
      const user = await database.transaction(async (trx) => {
        const before = await findDanubeUser(trx, username)
        demandOwnAffairs(actor, before, patch)
        if (patch.currentDatacenter !== undefined) await demandDatacenter(trx, actor, patch.currentDatacenter)
        if (patch.superAdmin === false || patch.enabled === false) await demandAnotherAdmin(trx, before)
        await write(trx, actor, before.username, patch, hash)
        await join(trx, before.id, patch)
        const after = await findDanubeUser(trx, username)
        await recordJoined(trx, actor, before, after)
        await log(trx, actor, 'Update user', after, shown(patch))
        return after
      })
      changed()
      return user
    },

    /**
     * @throws Failure `forbidden`, `not-found`; `conflict` with the reason `self`, `last-admin`, or `relations` (its
     * `fields` say what the user has).
     */
    async remove(actor: Actor, username: string): Promise<DanubeUser> {
      demandPermission(actor, 'manage-directory')
      const user = await database.transaction(async (trx) => {
        const before = await findDanubeUser(trx, username)
        if (before.id === actor.userId)
          throw new Failure('conflict', 'You cannot delete yourself.', { subject: 'user', reason: 'self' })
        await demandAnotherAdmin(trx, before)
        await demandUnrelated(trx, before)
        await trx.deleteFrom('users').where('id', '=', before.id).execute()
        await record(trx, actor, { action: 'delete', kind: 'user', id: fold(before.username), before })
        await log(trx, actor, 'Delete user', before, {})
        return before
      })
      changed()
      return user
    },
  }
}

function userTaken(username: string): Failure {
  return new Failure('conflict', `The user "${username}" exists already.`, {
    subject: 'user',
    id: username,
    reason: 'exists',
  })
}

/**
 * What one may see one may choose; it would be a way in otherwise, because the chosen one can be seen (danube.md 4.1).
 * @throws Failure `invalid` (field `current_dc`)
 */
async function demandDatacenter(trx: Trx, actor: Actor, name: string): Promise<void> {
  try {
    await datacenterNamed(trx, actor, name)
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause
    const fields = { current_dc: [`Object with name=${name} does not exist.`] }
    throw new Failure('invalid', cause.message, { subject: 'user', fields }, { cause })
  }
}

/** Groups and binding; the rest is recorded where it is written. */
async function recordJoined(trx: Trx, actor: Actor, before: DanubeUser, after: DanubeUser): Promise<void> {
  const joined = ({ groups, boundProjectId }: DanubeUser) => ({ groups, boundProjectId })
  const sides = difference<object>(joined(before), joined(after))
  if (Object.keys(sides.after).length > 0)
    await record(trx, actor, { action: 'update', kind: 'user', id: fold(after.username), ...sides })
}

/** Facts in the words of the task log. A password is none. */
function shown(facts: Partial<DanubeUserFacts>): Record<string, unknown> {
  return {
    email: facts.email,
    first_name: facts.firstName,
    last_name: facts.lastName,
    is_super_admin: facts.superAdmin,
    is_active: facts.enabled,
    api_access: facts.apiAccess,
    groups: facts.groups,
    current_dc: facts.currentDatacenter,
    dc_bound: facts.boundProjectId === undefined ? undefined : facts.boundProjectId !== null,
  }
}

async function log(
  trx: Trx,
  actor: Actor,
  message: string,
  { id, username, firstName, lastName }: DanubeUser,
  facts: Record<string, unknown>,
): Promise<void> {
  await logDone(trx, actor, {
    message,
    detail: logDetail(facts),
    object: { type: 'user', id, name: username, alias: `${firstName} ${lastName}`.trim(), ownerUserId: id },
    projectId: mainProjectId,
    bound: false,
  })
}
