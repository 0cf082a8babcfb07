import type { Selectable } from 'kysely'
import type { UsersTable } from '../../database/schema.ts'
import type { Core } from '../core.ts'
import { compile, type Filter } from '../search.ts'
import { searchableAccounts, selectUsers } from './accounts/record.ts'

/** Which users, and which part of them. */
export type UserQuestion = {
  readonly offset: number
  readonly limit: number
  /** Part of the user name, a name or the e-mail address. */
  readonly search?: string
  readonly enabled?: boolean
  readonly superAdmin?: boolean
  /** Name of a group they are in. */
  readonly group?: string
}

const searched = ['login', 'firstname', 'lastname', 'mail']

/**
 * Users by name, and how many there are. The index of the names gives the order; what is searched for is compared along
 * it, because users are some thousands at most.
 */
export async function usersFound(
  { database: { db } }: Core,
  question: UserQuestion,
): Promise<{ rows: Selectable<UsersTable>[]; total: number }> {
  const condition = compile({ all: filtersOf(question) }, searchableAccounts)
  const { total } = await selectUsers(db)
    .where(condition)
    .select((select) => select.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow()
  const rows = await selectUsers(db)
    .where(condition)
    .selectAll()
    .orderBy('users.username_fold')
    .limit(question.limit)
    .offset(question.offset)
    .execute()
  return { rows, total: Number(total) }
}

function filtersOf({ search = '', enabled, superAdmin, group }: UserQuestion): Filter[] {
  const filters: Filter[] = []
  if (search !== '') filters.push({ any: searched.map((field) => ({ field, like: ['', search, ''] })) })
  if (enabled !== undefined) filters.push({ field: 'disabled', is: 'eq', value: enabled ? 0 : 1 })
  if (superAdmin !== undefined) filters.push({ field: 'admin', is: 'eq', value: superAdmin ? 1 : 0 })
  if (group !== undefined) filters.push({ field: 'usergroup', is: 'eq', value: group })
  return filters
}
