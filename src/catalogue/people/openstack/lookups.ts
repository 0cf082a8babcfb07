import type { Selectable } from 'kysely'
import type { ProjectsTable, UsersTable } from '../../../database/schema.ts'
import type { Query } from '../../core.ts'
import { Failure } from '../../failure.ts'
import { fold } from '../../fold.ts'
import { uuidOfId } from './identity.ts'

/** The one domain that there is. */
export const domain = { id: 'default', name: 'Default' } as const

/** A domain as callers name it. */
export type DomainRef = { readonly id: string } | { readonly name: string }
/** A user or project as callers name it: names are unique only together with a domain. */
export type Ref = { readonly id: string } | { readonly name: string; readonly domain: DomainRef }

export function isOurs(named: DomainRef): boolean {
  return 'id' in named ? named.id === domain.id : fold(named.name) === fold(domain.name)
}

/** The user that is meant; undefined when there is none. */
export async function findUser(query: Query, ref: Ref): Promise<Selectable<UsersTable> | undefined> {
  const users = query.selectFrom('users').selectAll()
  if (!('id' in ref))
    return isOurs(ref.domain)
      ? users.where('username_fold', '=', fold(ref.name)).executeTakeFirst()
      : undefined
  const known = await users.where('keystone_id', '=', ref.id).executeTakeFirst()
  const uuid = uuidOfId(ref.id)
  if (known || uuid === null) return known
  return users.where('uuid', '=', uuid).where('keystone_id', 'is', null).executeTakeFirst()
}

/** The project that is meant; undefined when there is none. */
export async function findProject(query: Query, ref: Ref): Promise<Selectable<ProjectsTable> | undefined> {
  const projects = query.selectFrom('projects').selectAll()
  if (!('id' in ref))
    return isOurs(ref.domain)
      ? projects.where('name_fold', '=', fold(ref.name)).executeTakeFirst()
      : undefined
  const known = await projects.where('keystone_id', '=', ref.id).executeTakeFirst()
  const uuid = uuidOfId(ref.id)
  if (known || uuid === null) return known
  return projects.where('uuid', '=', uuid).where('keystone_id', 'is', null).executeTakeFirst()
}

/** The row's id of a user by its id on the wire. @throws Failure `not-found` */
export async function userIdOf(query: Query, id: string): Promise<number> {
  const user = await findUser(query, { id })
  if (!user) throw new Failure('not-found', `Could not find user ${id}.`, { subject: 'user', id })
  return user.id
}
