import { type RawBuilder, sql } from 'kysely'
import type { Instant } from '../../../database/schema.ts'
import { permitted } from '../../access.ts'
import type { Actor } from '../../actor.ts'
import type { Query } from '../../core.ts'
import { Failure } from '../../failure.ts'
import { fold } from '../../fold.ts'
import { normaliseUuid } from '../../images/find.ts'
import type { Ostype } from '../../manifests/ostype.ts'
import type { Work } from '../../tasks/log.ts'

/** A virtual machine that images can be made from: reported by a live compute resource, or entered as a record. */
export type Instance = {
  readonly uuid: string
  readonly hostname: string
  readonly alias: string
  readonly projectId: number
  readonly owner: { readonly id: number; readonly username: string } | null
  readonly region: string
  readonly node: string | null
  /** Of its node; a node that nobody entered is online. */
  readonly nodeStatus: string | null
  /** Danube's words (danube.md 4.5); with a hyphen at its end while a task changes it. */
  readonly status: string
  readonly ostype: Ostype
  readonly vcpus: number
  /** MB. */
  readonly ram: number
  /** MB, of all disks together. */
  readonly disk: number
  readonly ips: readonly string[]
  readonly computeResourceId: number | null
  /** Its compute resource reports it now, and does what is to be done with it. */
  readonly live: boolean
  /** Known only because its compute resource reported it. */
  readonly discovered: boolean
  readonly createdAt: Instant
}

/** What is kept of a definition beside the columns. */
export type Definition = { readonly alias?: string; readonly vcpus?: number; readonly ram?: number }

export function selectInstances(query: Query) {
  return query
    .selectFrom('instances')
    .leftJoin('locations', 'locations.id', 'instances.location_id')
    .leftJoin('users', 'users.id', 'instances.owner_user_id')
    .leftJoin('nodes', 'nodes.hostname', 'instances.node')
    .selectAll('instances')
    .select([
      'locations.name as region',
      'users.username as owner_name',
      'nodes.status as node_status',
      sql<number>`(select coalesce(sum(disks.size), 0) from disks where disks.instance_uuid = instances.uuid)`.as(
        'disk',
      ),
    ])
}

type Row = Awaited<ReturnType<ReturnType<typeof selectInstances>['executeTakeFirstOrThrow']>>

export function toInstance(row: Row): Instance {
  const definition = JSON.parse(row.definition_json) as Definition
  return {
    uuid: row.uuid,
    hostname: row.hostname,
    alias: definition.alias ?? row.hostname,
    projectId: row.project_id,
    owner: row.owner_user_id === null ? null : { id: row.owner_user_id, username: row.owner_name! },
    region: row.region ?? '',
    node: row.node,
    nodeStatus: row.node === null ? null : (row.node_status ?? 'online'),
    status: row.status,
    ostype: row.ostype as Ostype,
    vcpus: definition.vcpus ?? 0,
    ram: definition.ram ?? 0,
    disk: Number(row.disk),
    ips: JSON.parse(row.ips_json) as string[],
    computeResourceId: row.compute_resource_id,
    live: row.live === 1,
    discovered: row.discovered === 1,
    createdAt: row.created_at,
  }
}

export async function findInstance(query: Query, uuid: string): Promise<Instance | undefined> {
  const row = await selectInstances(query)
    .where('instances.uuid', '=', normaliseUuid(uuid) ?? '')
    .executeTakeFirst()
  return row && toInstance(row)
}

/** Whose instances of a project are the actor's to see: all for those who manage them there, else the actor's own. */
export function visibleInstances(actor: Actor, projectId: number): RawBuilder<boolean> {
  return permitted(actor, 'instance.manage', projectId)
    ? sql<boolean>`instances.project_id = ${projectId}`
    : sql<boolean>`instances.project_id = ${projectId} and instances.owner_user_id = ${actor.userId}`
}

/**
 * An instance of a project by its uuid or hostname. Domains of two hypervisors may share a name: the older one has it.
 * @throws Failure `not-found`, also for somebody else's
 */
export async function instanceNamed(
  query: Query,
  actor: Actor,
  projectId: number,
  name: string,
): Promise<Instance> {
  const visible = selectInstances(query).where(visibleInstances(actor, projectId))
  const uuid = normaliseUuid(name)
  const known =
    uuid === null ? undefined : await visible.where('instances.uuid', '=', uuid).executeTakeFirst()
  if (known) return toInstance(known)
  const rows = await visible
    .where('instances.hostname_fold', '=', fold(name))
    .orderBy('instances.created_at')
    .orderBy('instances.uuid')
    .execute()
  const row = rows.find((one) => one.hostname === name) ?? rows[0]
  if (!row) throw instanceNotFound(name)
  return toInstance(row)
}

export function instanceNotFound(id: string): Failure {
  return new Failure('not-found', `No instance found with ID ${id}`, { subject: 'instance', id })
}

/** @throws Failure `state` (subject `node`) */
export function demandNode({ nodeStatus, node }: Instance): void {
  if (nodeStatus === null || nodeStatus === 'online') return
  throw new Failure('state', 'Node is not operational', {
    subject: 'node',
    ...(node === null ? {} : { id: node }),
    status: nodeStatus,
  })
}

/** @throws Failure `state` (subject `instance`, reason `not-operational`) unless it is in one of the states */
export function demandStatus({ uuid, status }: Instance, allowed: readonly string[]): void {
  if (!allowed.includes(status)) throw notOperational(uuid, status)
}

export function notOperational(uuid: string, status: string, message = 'VM is not operational'): Failure {
  return new Failure('state', message, { subject: 'instance', id: uuid, reason: 'not-operational', status })
}

/** Work on an instance, as the task log tells it (danube.md 2.5). */
export function workOnInstance(instance: Instance, message: string, detail: string): Work {
  return {
    message,
    detail,
    object: {
      type: 'vm',
      id: instance.uuid,
      name: instance.hostname,
      alias: instance.alias,
      ownerUserId: instance.owner?.id ?? null,
    },
    projectId: instance.projectId,
    bound: true,
  }
}
