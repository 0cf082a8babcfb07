import type { Selectable } from 'kysely'
import type { ProjectsTable, UsersTable } from '../../../database/schema.ts'
import type { Core } from '../../core.ts'
import { Failure } from '../../failure.ts'
import { fold } from '../../fold.ts'
import { rolesOf } from '../roles-of.ts'
import { type Caller, demandAdmin, demandSelf } from './caller.ts'
import { openstackId } from './identity.ts'
import { findProject, findUser, userIdOf } from './lookups.ts'

/** As the wire shows it. */
export type WireProject = {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly enabled: boolean
}
export type WireUser = {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly email: string
  readonly enabled: boolean
  readonly defaultProject: string | null
}

export type Listing = {
  /** Exactly so, but for case: names are unique without it. */
  readonly name?: string
  readonly enabled?: boolean
  /** Id of the last one of the page before. */
  readonly marker?: string
  readonly limit: number
}

export type Page<T> = { readonly items: readonly T[]; readonly more: boolean }

/**
 * Projects and users as Identity shows them (glance.md 25.4): one's own to everybody, all of them to administrators only
 * (25.5). Ids are those of the wire.
 */
export function openstackDirectory({ database: { db } }: Core) {
  /** The projects that a user can have tokens for; null: all of them. */
  async function usable(userId: number): Promise<number[] | null> {
    const user = await db
      .selectFrom('users')
      .select('super_admin')
      .where('id', '=', userId)
      .executeTakeFirst()
    return user?.super_admin === 1 ? null : [...(await rolesOf(db, userId)).keys()]
  }

  async function usableBy({ token: { identity, applicationCredential } }: Caller): Promise<number[] | null> {
    // A program learns of the one project that it was let into.
    if (applicationCredential) return identity.projectId === null ? [] : [identity.projectId]
    return usable(identity.userId)
  }

  /** In the order in which they were made. @param ids among these only; null: among all */
  async function projectPage(ids: number[] | null, listing: Listing): Promise<Page<WireProject>> {
    const { name, enabled, marker, limit } = listing
    let query = db.selectFrom('projects').selectAll()
    if (ids !== null) query = query.where('id', 'in', [...ids, 0])
    if (name !== undefined) query = query.where('name_fold', '=', fold(name))
    if (enabled !== undefined) query = query.where('enabled', '=', enabled ? 1 : 0)
    if (marker !== undefined) {
      const last = await findProject(db, { id: marker })
      if (!last || (ids !== null && !ids.includes(last.id))) throw unknownMarker(marker)
      query = query.where('id', '>', last.id)
    }
    const rows = await query
      .orderBy('id')
      .limit(limit + 1)
      .execute()
    return { items: rows.slice(0, limit).map(toProject), more: rows.length > limit }
  }

  /** Users with what their description needs of their default project. */
  const userRows = () =>
    db
      .selectFrom('users')
      .leftJoin('projects', 'projects.id', 'users.default_project_id')
      .selectAll('users')
      .select(['projects.uuid as project_uuid', 'projects.keystone_id as project_keystone_id'])

  return {
    /** Those the caller can have a token for: enabled ones. */
    async ownProjects(caller: Caller, listing: Listing): Promise<Page<WireProject>> {
      return projectPage(await usableBy(caller), { ...listing, enabled: true })
    },

    /** @throws Failure `forbidden` also where there is none; `not-found` for administrators */
    async project(caller: Caller, id: string): Promise<WireProject> {
      const row = await findProject(db, { id })
      const own = await usableBy(caller)
      if (!row || !(own === null || own.includes(row.id))) demandAdmin(caller)
      if (!row) throw notFound('project', id)
      return toProject(row)
    },

    /** @throws Failure `forbidden`, `invalid` (an unknown marker) */
    async projects(caller: Caller, listing: Listing): Promise<Page<WireProject>> {
      demandAdmin(caller)
      return projectPage(null, listing)
    },

    /** @throws Failure `forbidden`, `not-found`, `invalid` */
    async projectsOf(caller: Caller, user: string, listing: Listing): Promise<Page<WireProject>> {
      demandSelf(caller, user)
      const userId = await userIdOf(db, user)
      const own = userId === caller.token.identity.userId
      return projectPage(await (own ? usableBy(caller) : usable(userId)), listing)
    },

    /** @throws Failure `forbidden`, `not-found` */
    async user(caller: Caller, id: string): Promise<WireUser> {
      demandSelf(caller, id)
      const row = await findUser(db, { id })
      if (!row) throw notFound('user', id)
      return toUser(await userRows().where('users.id', '=', row.id).executeTakeFirstOrThrow())
    },

    /** @throws Failure `forbidden`, `invalid` */
    async users(caller: Caller, { name, enabled, marker, limit }: Listing): Promise<Page<WireUser>> {
      demandAdmin(caller)
      let query = userRows()
      if (name !== undefined) query = query.where('username_fold', '=', fold(name))
      if (enabled !== undefined) query = query.where('users.enabled', '=', enabled ? 1 : 0)
      if (marker !== undefined) {
        const last = await findUser(db, { id: marker })
        if (!last) throw unknownMarker(marker)
        query = query.where('users.id', '>', last.id)
      }
      const rows = await query
        .orderBy('users.id')
        .limit(limit + 1)
        .execute()
      return { items: rows.slice(0, limit).map(toUser), more: rows.length > limit }
    },

    /** May the caller have a token for the whole system? */
    async hasSystem({ token: { identity, applicationCredential } }: Caller): Promise<boolean> {
      return applicationCredential === null && (await usable(identity.userId)) === null
    },
  }
}

const toProject = (row: Selectable<ProjectsTable>): WireProject => ({
  id: openstackId(row),
  name: row.name,
  description: row.description,
  enabled: row.enabled === 1,
})

type UserRow = Selectable<UsersTable> & {
  readonly project_uuid: string | null
  readonly project_keystone_id: string | null
}

const toUser = (row: UserRow): WireUser => ({
  id: openstackId(row),
  name: row.username,
  description: row.description,
  email: row.email,
  enabled: row.enabled === 1,
  defaultProject:
    row.project_uuid === null
      ? null
      : openstackId({ uuid: row.project_uuid, keystone_id: row.project_keystone_id }),
})

function notFound(subject: 'project' | 'user', id: string): Failure {
  return new Failure('not-found', `Could not find ${subject} ${id}.`, { subject, id })
}

function unknownMarker(marker: string): Failure {
  return new Failure('invalid', `There is no ${marker} to go on from.`, { reason: 'marker' })
}
