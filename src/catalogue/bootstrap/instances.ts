import { randomUUID } from 'node:crypto'
import { record } from '../audit.ts'
import { Failure } from '../failure.ts'
import { fold } from '../fold.ts'
import { now } from '../time.ts'
import type { Entry } from './document.ts'
import { maybeId } from './lookups.ts'
import { bit, projectId, userId } from './people.ts'
import { type Application, upsert } from './upsert.ts'
export async function applyNode(application: Application, entry: Entry<'nodes'>): Promise<void> {
  const { status, createdAt, updatedAt } = entry
  const target = { table: 'nodes', kind: 'node', key: 'hostname' } as const
  const given = { status, created_at: createdAt, updated_at: updatedAt }
  await upsert(application, target, entry.hostname, entry.hostname, given, { status: 'online' })
}

export async function applyInstance(application: Application, entry: Entry<'instances'>): Promise<void> {
  const { trx } = application
  const project = await projectId(application, entry.project)
  const known =
    entry.uuid ??
    (
      await trx
        .selectFrom('instances')
        .select('uuid')
        .where('project_id', '=', project)
        .where('hostname_fold', '=', fold(entry.hostname!))
        .executeTakeFirst()
    )?.uuid
  const uuid = known ?? randomUUID()
  const hostname = entry.hostname ?? uuid
  const location = await trx
    .selectFrom('locations')
    .select('id')
    .where('is_default', '=', 1)
    .executeTakeFirst()
  if (entry.node !== undefined) await enterNode(application, entry.node)
  await upsert(
    application,
    { table: 'instances', kind: 'instance', key: 'uuid' },
    uuid,
    hostname,
    {
      hostname: entry.hostname,
      hostname_fold: entry.hostname === undefined ? undefined : fold(entry.hostname),
      project_id: project,
      owner_user_id: entry.owner === undefined ? undefined : await userId(application, entry.owner),
      compute_resource_id: await maybeId(
        application,
        'compute_resources',
        'name',
        'compute resource',
        entry.computeResource,
      ),
      location_id: await maybeId(application, 'locations', 'name', 'location', entry.location),
      node: entry.node,
      // What the file says of it is kept, also where a compute resource reported it first.
      discovered: 0,
      status: entry.status,
      ostype: entry.ostype,
      ips_json: entry.ips === undefined ? undefined : JSON.stringify(entry.ips),
      created_at: entry.createdAt,
      updated_at: entry.updatedAt,
    },
    {
      hostname,
      hostname_fold: fold(hostname),
      owner_user_id: null,
      compute_resource_id: null,
      location_id: location?.id ?? null,
      node: null,
      status: 'running',
      ostype: 1,
      ips_json: '[]',
      definition_json: '{}',
    },
  )
  if (entry.disks) await replaceDisks(application, uuid, hostname, entry.disks)
  if (entry.snapshots) await replaceSnapshots(application, uuid, hostname, entry.snapshots)
}

/** A node that is named is there; what it is otherwise, the section `nodes` says. */
async function enterNode({ trx }: Application, hostname: string): Promise<void> {
  const at = now()
  await trx
    .insertInto('nodes')
    .values({ hostname, status: 'online', created_at: at, updated_at: at })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

type Disks = NonNullable<Entry<'instances'>['disks']>
type Snapshots = NonNullable<Entry<'instances'>['snapshots']>

async function replaceDisks(
  { trx, actor, applied }: Application,
  uuid: string,
  shown: string,
  disks: Disks,
): Promise<void> {
  const wanted = []
  for (const [index, disk] of disks.entries()) {
    const image = disk.image === undefined ? null : await imageNamed(trx, disk.image)
    wanted.push({
      instance_uuid: uuid,
      number: index + 1,
      size: disk.size,
      image_uuid: image,
      file: disk.file ?? null,
      boot: bit(disk.boot) ?? (index === 0 ? 1 : 0),
    } as const)
  }
  const present = await trx
    .selectFrom('disks')
    .selectAll()
    .where('instance_uuid', '=', uuid)
    .orderBy('number')
    .execute()
  if (sameRows(present, wanted)) return
  await trx.deleteFrom('disks').where('instance_uuid', '=', uuid).execute()
  for (const disk of wanted) await trx.insertInto('disks').values(disk).execute()
  await record(trx, actor, { action: 'disks', kind: 'instance', id: uuid, before: present, after: wanted })
  applied.push({ what: `disks of instance ${shown}`, did: 'changed' })
}

async function replaceSnapshots(
  { trx, actor, applied }: Application,
  uuid: string,
  shown: string,
  snapshots: Snapshots,
): Promise<void> {
  const present = await trx
    .selectFrom('snapshots')
    .selectAll()
    .where('instance_uuid', '=', uuid)
    .orderBy('id')
    .execute()
  const disks = await trx
    .selectFrom('disks')
    .select(['number', 'size'])
    .where('instance_uuid', '=', uuid)
    .execute()
  const wanted = snapshots.map((snapshot) => {
    const disk = snapshot.disk ?? 1
    const known = present.find((one) => one.disk === disk && one.name === snapshot.name)
    const size = disks.find((one) => one.number === disk)?.size
    if (size === undefined)
      throw new Failure('invalid', `Instance ${shown} has no disk ${disk}.`, {
        subject: 'snapshot',
        id: snapshot.name,
      })
    const at = snapshot.createdAt ?? known?.created_at ?? now()
    return {
      instance_uuid: uuid,
      disk,
      name: snapshot.name,
      note: snapshot.note ?? known?.note ?? '',
      type: known?.type ?? 2,
      status: snapshot.status ?? known?.status ?? 'ok',
      size: size * 1024 * 1024,
      file: snapshot.file ?? null,
      created_at: at,
      updated_at: snapshot.updatedAt ?? known?.updated_at ?? at,
    }
  })
  if (
    sameRows(
      present.map(({ id: _id, ...row }) => row),
      wanted,
    )
  )
    return
  await trx.deleteFrom('snapshots').where('instance_uuid', '=', uuid).execute()
  for (const snapshot of wanted) {
    // By its number a task that works on it finds it again.
    const known = present.find((one) => one.disk === snapshot.disk && one.name === snapshot.name)
    await trx
      .insertInto('snapshots')
      .values({ ...snapshot, ...(known ? { id: known.id } : {}) })
      .execute()
  }
  await record(trx, actor, {
    action: 'snapshots',
    kind: 'instance',
    id: uuid,
    before: present,
    after: wanted,
  })
  applied.push({ what: `snapshots of instance ${shown}`, did: 'changed' })
}

function sameRows(a: readonly object[], b: readonly object[]): boolean {
  const text = (rows: readonly object[]) => JSON.stringify(rows.map((row) => Object.entries(row).sort()))
  return text(a) === text(b)
}

/** A disk names its image by uuid, handle or name; the name of an image that is not here (yet) is kept as it is. */
async function imageNamed(trx: Application['trx'], text: string): Promise<string> {
  const row = await trx
    .selectFrom('images')
    .select('uuid')
    .where((where) =>
      where.or([
        where('uuid', '=', text.toLowerCase()),
        where('handle', '=', text),
        where('name', '=', text),
      ]),
    )
    .where('deleted', '=', 0)
    .orderBy('seq')
    .executeTakeFirst()
  return row?.uuid ?? text
}
