import { type RawBuilder, type SqlBool, sql } from 'kysely'
import { demandDirectory, permitted } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Core, Query } from '../core.ts'
import { Failure } from '../failure.ts'
import { normaliseUuid } from '../images/find.ts'
import type { Image } from '../images/image.ts'
import { openstackId } from '../people/openstack/identity.ts'
import { day, now } from '../time.ts'
import { type Task, type TaskState, toTask } from './task.ts'

/** A task that brings bytes into an image, with the ids of OpenStack's wires. */
export type ImageTask = {
  readonly task: Task
  readonly owner: string | null
  readonly user: string | null
  /** When it was last heard of, and when it will be forgotten; instants. */
  readonly updatedAt: number
  readonly expiresAt: number | null
  /** Whoever may not change the image is not told what gives access to its source. */
  readonly mayChange: boolean
}

export const imageTaskOrders = ['created', 'updated', 'expires', 'status', 'type'] as const
export type ImageTaskOrder = (typeof imageTaskOrders)[number]

export type ImageTaskQuery = {
  readonly states?: readonly TaskState[]
  readonly order: ImageTaskOrder
  readonly descending: boolean
  readonly limit: number
  /** The id of the task before the first of the page. */
  readonly marker?: string
}

/** How long after its end a task is still shown (glance.md section 17). */
const shownFor = 2 * day

// As the partial indexes of the tasks have it, or they would not be used.
const importing = sql<SqlBool>`tasks.kind in ('import-url', 'import-image', 'location-import')`

/** Each is what an index begins with; by type they are all alike but for those of one kind. */
const columns: Readonly<Record<ImageTaskOrder, RawBuilder<unknown> | null>> = {
  created: null,
  type: null,
  updated: sql`(coalesce(tasks.finished_at, tasks.started_at, tasks.created_at))`,
  expires: sql`(coalesce(tasks.finished_at, 0))`,
  status: sql`(case tasks.state when 'cancelled' then 'failed' else tasks.state end)`,
}

function select(query: Query) {
  return query
    .selectFrom('tasks')
    .leftJoin('projects', 'projects.id', 'tasks.project_id')
    .leftJoin('users', 'users.id', 'tasks.user_id')
    .selectAll('tasks')
    .select([
      'projects.uuid as owner_uuid',
      'projects.keystone_id as owner_keystone_id',
      'users.uuid as user_uuid',
      'users.keystone_id as user_keystone_id',
    ])
    .where(importing)
    .where((where) =>
      where.or([where('tasks.finished_at', 'is', null), where('tasks.finished_at', '>', now() - shownFor)]),
    )
}

type Row = Awaited<ReturnType<ReturnType<typeof select>['execute']>>[number]

/** The tasks of imports as OpenStack shows them. */
export function imageTasks(core: Core, view: (actor: Actor, uuid: string) => Promise<Image>) {
  const { db } = core.database

  return {
    /** Those of an image that the actor sees, oldest first. @throws Failure `not-found` */
    async ofImage(actor: Actor, uuid: string): Promise<ImageTask[]> {
      const image = await view(actor, uuid)
      const rows = await select(db)
        .where('tasks.image_uuid', '=', image.uuid)
        .orderBy('tasks.created_at')
        .orderBy('tasks.id')
        .limit(1000)
        .execute()
      const mayChange = permitted(actor, 'image.update', image.ownerId)
      return rows.map((row) => shown(row, mayChange))
    },

    /**
     * One page of all of them.
     * @throws Failure `forbidden` (reason `role`); `invalid` (reason `marker`) for a marker that is none of them
     */
    async list(actor: Actor, query: ImageTaskQuery): Promise<ImageTask[]> {
      demandDirectory(actor)
      let found = select(db)
      if (query.states) found = found.where('tasks.state', 'in', query.states)
      if (query.marker !== undefined) found = found.where(await afterMarker(query, query.marker))
      const direction = query.descending ? 'desc' : 'asc'
      const column = columns[query.order]
      if (column) found = found.orderBy(column, direction)
      const rows = await found
        .orderBy('tasks.created_at', direction)
        .orderBy('tasks.id', direction)
        .limit(query.limit)
        .execute()
      return rows.map((row) => shown(row, true))
    },

    /** @throws Failure `forbidden` (reason `role`), `not-found` */
    async view(actor: Actor, id: string): Promise<ImageTask> {
      demandDirectory(actor)
      const uuid = normaliseUuid(id)
      const row = uuid && (await select(db).where('tasks.id', '=', uuid).executeTakeFirst())
      if (!row) throw new Failure('not-found', `No task found with ID ${id}`, { subject: 'task', id })
      return shown(row, true)
    },
  }

  /** What comes after the marker in the order of the query, as one comparison of rows that an index answers. */
  async function afterMarker(
    { order, descending }: ImageTaskQuery,
    marker: string,
  ): Promise<RawBuilder<SqlBool>> {
    const column = columns[order]
    const row = await db
      .selectFrom('tasks')
      .select(['created_at', 'id'])
      .$if(column !== null, (query) => query.select((column ?? sql`null`).as('place')))
      .where(importing)
      .where('id', '=', normaliseUuid(marker) ?? '')
      .executeTakeFirst()
    if (!row)
      throw new Failure('invalid', `No task found with ID ${marker}`, { subject: 'task', reason: 'marker' })
    const operator = descending ? sql`<` : sql`>`
    if (!column) return sql`(tasks.created_at, tasks.id) ${operator} (${row.created_at}, ${row.id})`
    return sql`(${column}, tasks.created_at, tasks.id) ${operator} (${row.place}, ${row.created_at}, ${row.id})`
  }
}

function shown(row: Row, mayChange: boolean): ImageTask {
  const task = toTask(row)
  const { owner_uuid, owner_keystone_id, user_uuid, user_keystone_id } = row
  return {
    task,
    owner: owner_uuid && openstackId({ uuid: owner_uuid, keystone_id: owner_keystone_id }),
    user: user_uuid && openstackId({ uuid: user_uuid, keystone_id: user_keystone_id }),
    updatedAt: task.finishedAt ?? task.startedAt ?? task.createdAt,
    expiresAt: task.finishedAt === null ? null : task.finishedAt + shownFor,
    mayChange,
  }
}
