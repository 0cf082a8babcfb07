import type { Selectable } from 'kysely'
import type { Bit, DisksTable, InstancesTable, Instant, SnapshotsTable } from '../../../database/schema.ts'
import type { Domain, Host } from '../../../hypervisor/hypervisor.ts'
import { systemActor } from '../../actor.ts'
import { record } from '../../audit.ts'
import type { Core, Query, Trx } from '../../core.ts'
import { fold } from '../../fold.ts'
import { mainProjectId } from '../../images/cleanup.ts'
import { now, second } from '../../time.ts'
import type { Definition } from './instance.ts'

type Write = (trx: Trx) => Promise<unknown>
type InstanceRow = Selectable<InstancesTable>
type DiskRow = Selectable<DisksTable>
type SnapshotRow = Selectable<SnapshotsTable>

export type Observed = {
  readonly resourceId: number
  /** Null: the resource is not live (any more), and reports nothing. */
  readonly host: Host | null
  /** What was written after that the hypervisor may not have known yet when it answered. */
  readonly askedAt: Instant
}

/**
 * Makes the rows of a compute resource say what its hypervisor reports; nothing is written where they do already.
 * Records keep what the file that entered them says of project, owner, name and addresses.
 */
export async function bringUpToDate(core: Core, observed: Observed): Promise<void> {
  // Most looks find nothing new, and then nobody has to wait for the database's one writer.
  if ((await differences(core.database.db, observed)).length === 0) return
  await core.database.transaction(async (trx) => {
    for (const write of await differences(trx, observed)) await write(trx)
  })
}

async function differences(query: Query, { resourceId, host, askedAt }: Observed): Promise<Write[]> {
  const rows = await query
    .selectFrom('instances')
    .selectAll()
    .where('compute_resource_id', '=', resourceId)
    .execute()
  const domains = new Map((host?.domains ?? []).map((domain) => [domain.uuid, domain]))
  const gone = rows.filter(({ uuid, live }) => live === 1 && !domains.has(uuid)).map(vanish)
  if (!host) return gone

  const known = new Map(rows.map((row) => [row.uuid, row]))
  const strangers = await takenBy(
    query,
    [...domains.keys()].filter((uuid) => !known.has(uuid)),
  )
  // A uuid that was entered without this compute resource is somebody else's record: to name it must give nobody a disk.
  const reported = host.domains.filter(({ uuid }) => !strangers.has(uuid))
  const own = query.selectFrom('instances').select('uuid').where('compute_resource_id', '=', resourceId)
  const disks = Map.groupBy(
    await query.selectFrom('disks').selectAll().where('instance_uuid', 'in', own).execute(),
    (row) => row.instance_uuid,
  )
  const snapshots = Map.groupBy(
    await query.selectFrom('snapshots').selectAll().where('instance_uuid', 'in', own).execute(),
    (row) => row.instance_uuid,
  )
  const place = reported.some(({ uuid }) => !known.has(uuid)) ? await placeOf(query, resourceId) : null
  return [
    ...gone,
    ...(await nodeWrites(query, host.hostname)),
    ...reported.flatMap((domain) => {
      const row = known.get(domain.uuid)
      return [
        ...(row ? change(row, domain, host.hostname) : [enter(domain, host.hostname, resourceId, place!)]),
        ...diskWrites(domain, disks.get(domain.uuid) ?? []),
        ...snapshotWrites(domain, snapshots.get(domain.uuid) ?? [], askedAt),
      ]
    }),
  ]
}

/** What was only known because it was reported goes; what was entered stays as a record. */
function vanish({ uuid, hostname, discovered }: InstanceRow): Write {
  if (discovered === 0)
    return (trx) =>
      trx.updateTable('instances').set({ live: 0, updated_at: now() }).where('uuid', '=', uuid).execute()
  return async (trx) => {
    await trx.deleteFrom('instances').where('uuid', '=', uuid).execute()
    await record(trx, systemActor, { action: 'delete', kind: 'instance', id: uuid, before: { hostname } })
  }
}

/** A node that answers is online, unless somebody took it out of service. */
async function nodeWrites(query: Query, hostname: string): Promise<Write[]> {
  const node = await query
    .selectFrom('nodes')
    .select('status')
    .where('hostname', '=', hostname)
    .executeTakeFirst()
  if (node && node.status !== 'unreachable') return []
  const at = now()
  return [
    (trx) =>
      trx
        .insertInto('nodes')
        .values({ hostname, status: 'online', created_at: at, updated_at: at })
        .onConflict((conflict) =>
          conflict.column('hostname').doUpdateSet({ status: 'online', updated_at: at }),
        )
        .execute(),
  ]
}

async function takenBy(query: Query, uuids: readonly string[]): Promise<ReadonlySet<string>> {
  const taken = new Set<string>()
  // Both engines bound how many values one statement takes.
  for (let start = 0; start < uuids.length; start += 1000) {
    const rows = await query
      .selectFrom('instances')
      .select('uuid')
      .where('uuid', 'in', uuids.slice(start, start + 1000))
      .execute()
    for (const { uuid } of rows) taken.add(uuid)
  }
  return taken
}

type Place = { readonly projectId: number; readonly locationId: number | null }

/** Where what is discovered belongs: to the first project (location) that its compute resource is assigned to. */
async function placeOf(query: Query, resourceId: number): Promise<Place> {
  const places = await query
    .selectFrom('compute_resource_places')
    .select(['project_id', 'location_id'])
    .where('compute_resource_id', '=', resourceId)
    .execute()
  const first = (ids: readonly (number | null)[]) => ids.filter((id) => id !== null).sort((a, b) => a - b)[0]
  const usual = await query
    .selectFrom('locations')
    .select('id')
    .where('is_default', '=', 1)
    .executeTakeFirst()
  return {
    projectId: first(places.map((place) => place.project_id)) ?? mainProjectId,
    locationId: first(places.map((place) => place.location_id)) ?? usual?.id ?? null,
  }
}

const ostypes = { linux: 1, bsd: 3, windows: 4 } as const

function enter(domain: Domain, node: string, resourceId: number, { projectId, locationId }: Place): Write {
  return async (trx) => {
    const at = now()
    const definition: Definition = { vcpus: domain.vcpus, ram: domain.ramMb }
    const entered = await trx
      .insertInto('instances')
      .values({
        uuid: domain.uuid,
        hostname: domain.name,
        hostname_fold: fold(domain.name),
        project_id: projectId,
        owner_user_id: null,
        compute_resource_id: resourceId,
        location_id: locationId,
        node,
        status: domain.state,
        ostype: domain.ostype === null ? ostypes.linux : ostypes[domain.ostype],
        ips_json: '[]',
        definition_json: JSON.stringify(definition),
        live: 1,
        discovered: 1,
        created_at: at,
        updated_at: at,
      })
      // Another process saw it at the same moment.
      .onConflict((conflict) => conflict.column('uuid').doNothing())
      .returning('uuid')
      .executeTakeFirst()
    if (!entered) return
    const after = { hostname: domain.name, projectId, computeResourceId: resourceId }
    await record(trx, systemActor, { action: 'create', kind: 'instance', id: domain.uuid, after })
  }
}

function change(row: InstanceRow, domain: Domain, node: string): Write[] {
  const present = JSON.parse(row.definition_json) as Definition
  const definition: Definition = { ...present, vcpus: domain.vcpus, ram: domain.ramMb }
  const wanted = {
    live: 1 as Bit,
    node,
    // While a task changes it, the task says what it is.
    status: row.status.endsWith('-') ? row.status : domain.state,
    definition_json: JSON.stringify(definition),
    ...(row.discovered === 1 ? { hostname: domain.name, hostname_fold: fold(domain.name) } : {}),
  }
  if (Object.entries(wanted).every(([column, value]) => row[column as keyof InstanceRow] === value)) return []
  return [
    (trx) =>
      trx
        .updateTable('instances')
        .set({ ...wanted, updated_at: now() })
        .where('uuid', '=', row.uuid)
        .execute(),
  ]
}

function diskWrites({ uuid, disks }: Domain, rows: readonly DiskRow[]): Write[] {
  const changed = disks.flatMap(({ number, sizeBytes }): Write[] => {
    const row = rows.find((one) => one.number === number)
    // Unknown while its file is missing: then it stays what it was.
    const size = sizeBytes === 0 ? (row?.size ?? 0) : Math.ceil(sizeBytes / 2 ** 20)
    if (row?.size === size) return []
    const boot: Bit = number === 1 ? 1 : 0
    return [
      (trx) =>
        trx
          .insertInto('disks')
          .values({ instance_uuid: uuid, number, size, image_uuid: null, file: null, boot })
          .onConflict((conflict) => conflict.columns(['instance_uuid', 'number']).doUpdateSet({ size }))
          .execute(),
    ]
  })
  const removed = rows
    .filter((row) => !disks.some(({ number }) => number === row.number))
    .map(
      ({ number }): Write =>
        (trx) =>
          trx.deleteFrom('disks').where('instance_uuid', '=', uuid).where('number', '=', number).execute(),
    )
  return [...changed, ...removed]
}

/** One of another moment under the same name is another snapshot; libvirt keeps whole seconds of its own clock. */
const sameMoment = 60 * second

function snapshotWrites(
  { uuid, disks, snapshots }: Domain,
  rows: readonly SnapshotRow[],
  askedAt: Instant,
): Write[] {
  const reported = snapshots.flatMap((snapshot) => snapshot.disks.map((disk) => ({ ...snapshot, disk })))
  const entered = reported.flatMap(({ name, disk, note, createdAt }): Write[] => {
    const row = rows.find((one) => one.disk === disk && one.name === name)
    if (row && (row.status === 'pending' || Math.abs(row.created_at - createdAt) < sameMoment)) return []
    const size = disks.find(({ number }) => number === disk)?.sizeBytes ?? 0
    const facts = { note, size, created_at: createdAt, updated_at: now() }
    return [
      (trx) =>
        trx
          .insertInto('snapshots')
          .values({ ...facts, instance_uuid: uuid, disk, name, type: 2, status: 'ok', file: null })
          .onConflict((conflict) => conflict.columns(['instance_uuid', 'disk', 'name']).doUpdateSet(facts))
          .execute(),
    ]
  })
  const removed = rows
    // What a task works on is the task's affair; one that is being made is not there yet.
    .filter(({ status, updated_at }) => (status === 'ok' || status === 'lost') && updated_at < askedAt)
    .filter((row) => !reported.some(({ disk, name }) => disk === row.disk && name === row.name))
    .map(
      ({ id }): Write =>
        (trx) =>
          trx.deleteFrom('snapshots').where('id', '=', id).execute(),
    )
  return [...entered, ...removed]
}
