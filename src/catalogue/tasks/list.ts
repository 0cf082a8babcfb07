import { type RawBuilder, type SqlBool, sql } from 'kysely'
import { permitted } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Core } from '../core.ts'
import { type Task, type TaskState, toTask } from './task.ts'

export type TaskFilter = {
  readonly states?: readonly TaskState[]
  readonly imageUuid?: string
  /** Whatever its case. */
  readonly kind?: string
  /** Only what the actor itself asked for. */
  readonly mine?: boolean
}

/** Which tasks are somebody's to see; null: all. */
type Scope = RawBuilder<SqlBool> | null

/** Lists of tasks, newest first. */
export function taskLists({ database }: Core) {
  const { db } = database

  return {
    async list(
      actor: Actor,
      { offset = 0, limit, ...filter }: TaskFilter & { readonly offset?: number; readonly limit: number },
    ): Promise<Task[]> {
      const scopes = scopesOf(actor, filter)
      const conditions = conditionsOf(filter)
      // Each scope has an index in the order of the list, and all of them together have none: of each the beginning is
      // enough.
      const beginnings = scopes.map(
        (scope) => sql`select id from (select id from tasks where ${all([...conditions, scope])}
          order by created_at desc, id desc limit ${offset + limit}) as own`,
      )
      const wanted =
        beginnings.length === 1
          ? all([...conditions, scopes[0]!])
          : sql<SqlBool>`id in (${sql.join(beginnings, sql` union `)})`
      const rows = await db
        .selectFrom('tasks')
        .selectAll()
        .where(wanted)
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
        .offset(offset)
        .execute()
      return rows.map(toTask)
    },

    /** How many there are; not counted further than `atMost`. */
    async count(
      actor: Actor,
      filter: TaskFilter,
      atMost: number,
    ): Promise<{ readonly total: number; readonly more: boolean }> {
      const scopes = scopesOf(actor, filter)
      const seen = scopes.includes(null) ? [] : [sql<SqlBool>`(${sql.join(scopes, sql` or `)})`]
      const { rows } = await sql<{ total: number }>`select count(*) as total from
        (select 1 from tasks where ${all([...conditionsOf(filter), ...seen])} limit ${atMost + 1}) as found`.execute(
        db,
      )
      const total = Number(rows[0]!.total)
      return { total: Math.min(total, atMost), more: total > atMost }
    },
  }
}

/** As `seesTask` has it. */
function scopesOf(actor: Actor, { mine }: TaskFilter): readonly Scope[] {
  const own = sql<SqlBool>`user_id = ${actor.userId}`
  if (mine) return [own]
  if (actor.superAdmin) return [null]
  const projects = [...actor.roles.keys()].filter((id) => permitted(actor, 'image.update', id))
  return [own, ...projects.map((id) => sql<SqlBool>`project_id = ${id}`)]
}

function conditionsOf({ states, imageUuid, kind }: TaskFilter): RawBuilder<SqlBool>[] {
  return [
    ...(states
      ? [
          states.length === 1
            ? sql<SqlBool>`state = ${states[0]}`
            : sql<SqlBool>`state in (${sql.join(states)})`,
        ]
      : []),
    ...(imageUuid === undefined ? [] : [sql<SqlBool>`image_uuid = ${imageUuid}`]),
    ...(kind === undefined ? [] : [sql<SqlBool>`lower(kind) = ${kind.toLowerCase()}`]),
  ]
}

function all(conditions: readonly Scope[]): RawBuilder<SqlBool> {
  const present = conditions.filter((condition) => condition !== null)
  return present.length === 0 ? sql`1 = 1` : sql`${sql.join(present, sql` and `)}`
}
