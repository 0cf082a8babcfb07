import { type RawBuilder, sql } from 'kysely'
import { permitted } from '../../access.ts'
import type { Actor } from '../../actor.ts'
import type { Core, Query } from '../../core.ts'
import { fold } from '../../fold.ts'
import { likePattern } from '../../pattern.ts'
import {
  findInstance,
  type Instance,
  instanceNamed,
  instanceNotFound,
  selectInstances,
  toInstance,
} from './instance.ts'
import type { LiveResources } from './live.ts'
import { demandDisk, type Snapshot, toSnapshot } from './snapshot.ts'

export type InstanceQuery = {
  /** Occurs in the hostname, the uuid or an address, whatever its case. */
  readonly text?: string | undefined
  /** Also while a task changes it. */
  readonly status?: string | undefined
  readonly node?: string | undefined
  readonly projectId?: number | undefined
  readonly descending: boolean
  readonly offset: number
  readonly limit: number
}

/** No installation has more of them, and a list for people to choose from would be no use. */
const mostNodes = 1000

/**
 * Instances of all projects that the actor has a part in. They are walked in the order of their names, and have no index
 * for what is looked for: before each list, those of live resources are compared one by one with what is reported.
 */
export function instanceLists({ database }: Core, live: LiveResources) {
  const { db } = database

  return {
    /** One page, by hostname. */
    async search(
      actor: Actor,
      { text = '', status, node, projectId, descending, offset, limit }: InstanceQuery,
    ): Promise<{ instances: Instance[]; total: number }> {
      await live.observe()
      const conditions = [visibleTo(actor)]
      if (text !== '') conditions.push(occurs(text))
      if (status !== undefined) conditions.push(sql`instances.status in (${status}, ${`${status}-`})`)
      if (node !== undefined) conditions.push(sql`instances.node = ${node}`)
      if (projectId !== undefined) conditions.push(sql`instances.project_id = ${projectId}`)
      const wanted = sql<boolean>`(${sql.join(conditions, sql` and `)})`
      const { total } = await db
        .selectFrom('instances')
        .select((select) => select.fn.countAll<number>().as('total'))
        .where(wanted)
        .executeTakeFirstOrThrow()
      const direction = descending ? 'desc' : 'asc'
      const rows = await selectInstances(db)
        .where(wanted)
        .orderBy('instances.hostname_fold', direction)
        .orderBy('instances.uuid', direction)
        .limit(limit)
        .offset(offset)
        .execute()
      return { instances: rows.map(toInstance), total: Number(total) }
    },

    /** The names of the nodes that the actor's instances are on. */
    async nodes(actor: Actor): Promise<string[]> {
      await live.observe()
      const rows = await db
        .selectFrom('instances')
        .select('node')
        .distinct()
        .where('node', 'is not', null)
        .where(visibleTo(actor))
        .orderBy('node')
        .limit(mostNodes)
        .execute()
      return rows.map(({ node }) => node!)
    },

    /** By its uuid, in whichever project it is. @throws Failure `not-found`, also for somebody else's */
    async view(actor: Actor, uuid: string): Promise<Instance> {
      await live.observe()
      return visible(db, actor, uuid)
    },

    /** Newest first. @throws Failure `not-found`, `invalid` (reason `disk`) */
    async snapshots(
      actor: Actor,
      uuid: string,
      { disk, offset, limit }: { readonly disk?: number | undefined; offset: number; limit: number },
    ): Promise<{ snapshots: Snapshot[]; total: number }> {
      await live.observe()
      const instance = await visible(db, actor, uuid)
      if (disk !== undefined) await demandDisk(db, instance, disk)
      let rows = db.selectFrom('snapshots').where('instance_uuid', '=', instance.uuid)
      if (disk !== undefined) rows = rows.where('disk', '=', disk)
      const { total } = await rows
        .select((select) => select.fn.countAll<number>().as('total'))
        .executeTakeFirstOrThrow()
      const page = await rows
        .selectAll()
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
        .offset(offset)
        .execute()
      return { snapshots: page.map((row) => toSnapshot(row, instance)), total: Number(total) }
    },
  }
}

async function visible(query: Query, actor: Actor, uuid: string): Promise<Instance> {
  const found = await findInstance(query, uuid)
  if (!found) throw instanceNotFound(uuid)
  return instanceNamed(query, actor, found.projectId, found.uuid)
}

/** As `visibleInstances`, in all projects of the actor. */
function visibleTo(actor: Actor): RawBuilder<boolean> {
  if (actor.superAdmin) return sql`1 = 1`
  const projects = [...actor.roles.keys()]
  const managed = projects.filter((id) => permitted(actor, 'instance.manage', id))
  const others = projects.filter((id) => !managed.includes(id))
  const within = (ids: readonly number[]) => sql`instances.project_id in (${sql.join([0, ...ids])})`
  return sql`(${within(managed)} or (${within(others)} and instances.owner_user_id = ${actor.userId}))`
}

function occurs(text: string): RawBuilder<boolean> {
  const pattern = likePattern(['', fold(text), ''])
  const columns = ['hostname_fold', 'uuid', 'ips_json'].map((column) => sql.ref(`instances.${column}`))
  const parts = columns.map((column) => sql`${column} like ${pattern} escape '\\'`)
  return sql`(${sql.join(parts, sql` or `)})`
}
