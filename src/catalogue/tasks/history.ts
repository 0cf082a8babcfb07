import { type Selectable, sql } from 'kysely'
import { padded } from '../../database/padded.ts'
import type { TaskLogTable } from '../../database/schema.ts'
import { demandIn, permitted } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Core } from '../core.ts'
import { mainProjectId } from '../images/cleanup.ts'
import { withoutSecretsIn } from '../images/without-secrets.ts'
import { likePattern } from '../pattern.ts'
import { now, second } from '../time.ts'
import type { ObjectType } from './log.ts'
import type { TaskState } from './task.ts'

/** One line of the task log (danube.md 2.5). */
export type LogEntry = {
  readonly at: number
  readonly taskId: string
  /** There never was a task: the work was done at once. */
  readonly dummy: boolean
  readonly state: TaskState
  readonly userId: number | null
  readonly username: string
  readonly ownerUserId: number | null
  readonly projectId: number
  readonly bound: boolean
  readonly objectType: string
  readonly objectName: string
  readonly objectAlias: string
  readonly message: string
  readonly detail: string
  readonly flag: number
}

export type LogFilter = {
  readonly state?: TaskState
  readonly objectType?: ObjectType
  /** A part of the name, whatever its case; together with the type only. */
  readonly objectName?: string
  /** Only what has not ended. */
  readonly running?: boolean
  /** Instants: from the first on, before the second. */
  readonly from?: number
  readonly before?: number
}

export type LogCounts = {
  readonly pending: number
  readonly revoked: number
  readonly succeeded: number
  readonly failed: number
}

/**
 * The task log as it is read in a datacenter: administrators see what happened there, in the first datacenter also what
 * belongs to none, and everybody else what he did himself, and what was done to his own things.
 */
export function taskHistory(core: Core) {
  const { db } = core.database

  const unfinished = () =>
    db.selectFrom('tasks').select('tasks.id').where('state', 'in', ['pending', 'running'])

  function visible(actor: Actor, projectId: number) {
    const log = db.selectFrom('task_log')
    if (actor.superAdmin && projectId === mainProjectId)
      return log.where((where) => where.or([where('project_id', '=', projectId), where('bound', '=', 0)]))
    if (permitted(actor, 'instance.manage', projectId)) return log.where('project_id', '=', projectId)
    return log
      .where('project_id', '=', projectId)
      .where((where) =>
        where.or([where('user_id', '=', actor.userId), where('owner_user_id', '=', actor.userId)]),
      )
  }

  function filtered(actor: Actor, projectId: number, filter: LogFilter) {
    let log = visible(actor, projectId)
    if (filter.state) log = log.where('state', '=', filter.state)
    if (filter.objectType) log = log.where('object_type', '=', filter.objectType)
    if (filter.objectName !== undefined)
      log = log.where(
        sql<boolean>`lower(object_name) like ${likePattern(['', filter.objectName.toLowerCase(), ''])} escape '\\'`,
      )
    if (filter.from !== undefined) log = log.where('at', '>=', filter.from)
    if (filter.before !== undefined) log = log.where('at', '<', filter.before)
    if (filter.running) log = log.where('task_id', 'in', unfinished())
    return log
  }

  return {
    async list(
      actor: Actor,
      projectId: number,
      filter: LogFilter,
      page: { readonly offset: number; readonly limit: number; readonly descending: boolean },
    ): Promise<LogEntry[]> {
      const direction = page.descending ? 'desc' : 'asc'
      const rows = await filtered(actor, projectId, filter)
        .selectAll()
        .orderBy('at', direction)
        .orderBy('id', direction)
        .limit(page.limit)
        .offset(page.offset)
        .execute()
      return rows.map(toEntry)
    },

    /**
     * What the log tells of one task, oldest first: all of it to administrators, and to others what they did, what was
     * done to their own things, and what happened in datacenters that they administer.
     */
    async ofTask(actor: Actor, taskId: string): Promise<LogEntry[]> {
      let log = db.selectFrom('task_log').where('task_id', '=', taskId)
      if (!actor.superAdmin) {
        const own = [...actor.roles.keys()].filter((id) => permitted(actor, 'instance.manage', id))
        log = log.where((where) =>
          where.or([
            where('user_id', '=', actor.userId),
            where('owner_user_id', '=', actor.userId),
            where('project_id', 'in', padded([...own, 0])),
          ]),
        )
      }
      return (await log.selectAll().orderBy('id').limit(1000).execute()).map(toEntry)
    },

    async count(actor: Actor, projectId: number, filter: LogFilter): Promise<number> {
      const { total } = await filtered(actor, projectId, filter)
        .select((select) => select.fn.countAll<number>().as('total'))
        .executeTakeFirstOrThrow()
      return Number(total)
    },

    /**
     * How the tasks of the last seconds ended, and how many are under way.
     * @throws Failure `forbidden` unless the actor administers the datacenter.
     */
    async counts(actor: Actor, projectId: number, lastSeconds: number): Promise<LogCounts> {
      demandIn(actor, 'instance.manage', projectId)
      const rows = await visible(actor, projectId)
        .select(['state', (select) => select.fn.countAll<number>().as('total')])
        .where('at', '>=', now() - lastSeconds * second)
        .where('state', '<>', 'pending')
        .groupBy('state')
        .execute()
      const of = (state: TaskState) => Number(rows.find((row) => row.state === state)?.total ?? 0)
      const { total } = await visible(actor, projectId)
        .select((select) => select.fn.countAll<number>().as('total'))
        .where('state', '=', 'pending')
        .where('task_id', 'in', unfinished())
        .executeTakeFirstOrThrow()
      return {
        pending: Number(total),
        revoked: of('cancelled'),
        succeeded: of('succeeded'),
        failed: of('failed'),
      }
    },
  }
}

function toEntry(row: Selectable<TaskLogTable>): LogEntry {
  return {
    at: row.at,
    taskId: row.task_id,
    dummy: row.dummy === 1,
    state: row.state as TaskState,
    userId: row.user_id,
    username: row.username,
    ownerUserId: row.owner_user_id,
    projectId: row.project_id,
    bound: row.bound === 1,
    objectType: row.object_type,
    objectName: row.object_name,
    objectAlias: row.object_alias,
    message: row.message,
    // Earlier versions wrote addresses as they had been given.
    detail: withoutSecretsIn(row.detail),
    flag: row.flag,
  }
}
