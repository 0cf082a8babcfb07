import { sql } from 'kysely'
import type { Instant } from '../../../database/schema.ts'
import { demandPermission } from '../../access.ts'
import type { Actor } from '../../actor.ts'
import type { Core, Query } from '../../core.ts'
import { compile, type Searchable } from '../../search.ts'
import { groupNotFound } from './group.ts'

/** A group without its people and roles, which have lists of their own: `users.list` and `grants.list`. */
export type GroupSummary = {
  readonly id: number
  readonly name: string
  readonly label: string
  readonly users: number
  readonly roles: number
  readonly createdAt: Instant
  readonly updatedAt: Instant
}

export type GroupQuestion = { readonly offset: number; readonly limit: number; readonly search?: string }

const searchable: Searchable = {
  fields: {
    name: { column: 'groups.name', folded: 'groups.name_fold', kind: 'text' },
    label: { column: 'groups.label', folded: 'groups.label_fold', kind: 'text' },
  },
}

/** For whoever manages groups and their roles. Administrators only. */
export function groupSummaries({ database: { db } }: Core) {
  return {
    /** By name, along its index: groups are some hundreds at most. @throws Failure `forbidden` */
    async page(
      actor: Actor,
      { offset, limit, search = '' }: GroupQuestion,
    ): Promise<{ groups: GroupSummary[]; total: number }> {
      demandPermission(actor, 'manage-directory')
      const found = ['name', 'label'].map((field) => ({ field, like: ['', search, ''] }))
      const condition = compile(search === '' ? { all: [] } : { any: found }, searchable)
      const { total } = await foldedGroups(db)
        .where(condition)
        .select((select) => select.fn.countAll<number>().as('total'))
        .executeTakeFirstOrThrow()
      const rows = await summaries(db)
        .where(condition)
        .orderBy('groups.name')
        .limit(limit)
        .offset(offset)
        .execute()
      return { groups: rows.map(toSummary), total: Number(total) }
    },

    /** @throws Failure `forbidden`, `not-found` */
    async summary(actor: Actor, name: string): Promise<GroupSummary> {
      demandPermission(actor, 'manage-directory')
      const row = await summaries(db).where('groups.name', '=', name).executeTakeFirst()
      if (!row) throw groupNotFound(name)
      return toSummary(row)
    },
  }
}

function foldedGroups(query: Query) {
  return query.selectFrom(
    query.selectFrom('groups').selectAll().select(sql<string>`lower(label)`.as('label_fold')).as('groups'),
  )
}

function summaries(query: Query) {
  return foldedGroups(query)
    .select(['groups.id', 'groups.name', 'groups.label', 'groups.created_at', 'groups.updated_at'])
    .select((select) => [
      select
        .selectFrom('group_users')
        .select((count) => count.fn.countAll<number>().as('users'))
        .whereRef('group_id', '=', 'groups.id')
        .as('users'),
      select
        .selectFrom('role_assignments')
        .select((count) => count.fn.countAll<number>().as('roles'))
        .whereRef('group_id', '=', 'groups.id')
        .as('roles'),
    ])
}

type Row = Awaited<ReturnType<ReturnType<typeof summaries>['execute']>>[number]

function toSummary({ id, name, label, users, roles, created_at, updated_at }: Row): GroupSummary {
  return {
    id,
    name,
    label,
    users: Number(users),
    roles: Number(roles),
    createdAt: created_at,
    updatedAt: updated_at,
  }
}
