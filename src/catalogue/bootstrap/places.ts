import { randomUUID } from 'node:crypto'
import { record } from '../audit.ts'
import { Failure } from '../failure.ts'
import { fold } from '../fold.ts'
import { guessFamily, systemTitle } from '../places/systems.ts'
import { now } from '../time.ts'
import type { Entry } from './document.ts'
import { bit, projectId, unknown, userId } from './people.ts'
import { type Application, upsert } from './upsert.ts'

export async function applyArchitecture(
  application: Application,
  entry: Entry<'architectures'>,
): Promise<void> {
  const { id, createdAt, updatedAt } = entry
  const target = { table: 'architectures', kind: 'architecture', key: 'name' } as const
  await upsert(
    application,
    target,
    entry.name,
    entry.name,
    { id, created_at: createdAt, updated_at: updatedAt },
    {},
  )
}

export async function applySystem(application: Application, entry: Entry<'operatingSystems'>): Promise<void> {
  const system = { name: entry.name, major: entry.major ?? '', minor: entry.minor ?? '' }
  const title = entry.description || systemTitle(system)
  await upsert(
    application,
    { table: 'operating_systems', kind: 'operating system', key: 'title' },
    title,
    title,
    {
      id: entry.id,
      name: system.name,
      major: entry.major,
      minor: entry.minor,
      description: entry.description,
      family: entry.family,
      created_at: entry.createdAt,
      updated_at: entry.updatedAt,
    },
    {
      ...system,
      description: null,
      family: guessFamily(system.name),
      release_name: null,
      password_hash: 'SHA512',
      title_fold: fold(title),
    },
  )
}

export async function applyComputeResource(
  application: Application,
  entry: Entry<'computeResources'>,
): Promise<void> {
  const { trx, core } = application
  const before = await trx
    .selectFrom('compute_resources')
    .select('password')
    .where('name', '=', entry.name)
    .executeTakeFirst()
  await upsert(
    application,
    { table: 'compute_resources', kind: 'compute resource', key: 'name' },
    entry.name,
    entry.name,
    {
      id: entry.id,
      provider: entry.provider,
      url: entry.url,
      description: entry.description,
      username: entry.username,
      password: sealed(core.secrets, before?.password, entry.password),
      created_at: entry.createdAt,
      updated_at: entry.updatedAt,
    },
    {
      name_fold: fold(entry.name),
      provider: 'Libvirt',
      url: null,
      description: null,
      username: null,
      password: null,
      attributes_json: '{}',
    },
    ['password'],
  )
}

export async function applyRegistration(
  application: Application,
  entry: Entry<'registrations'>,
): Promise<void> {
  const { trx, core } = application
  const resource = await idOf(
    application,
    'compute_resources',
    'name',
    'compute resource',
    entry.computeResource,
  )
  const image = await trx
    .selectFrom('images')
    .select('seq')
    .where('uuid', '=', entry.uuid.toLowerCase())
    .where('deleted', '=', 0)
    .executeTakeFirst()
  const before = await trx
    .selectFrom('registrations')
    .select(['id', 'password'])
    .where('compute_resource_id', '=', resource)
    .where('uuid', '=', entry.uuid)
    .executeTakeFirst()
  const { id } = before ?? { id: entry.id ?? (await nextId(application)) }
  await upsert(
    application,
    { table: 'registrations', kind: 'registration', key: 'id' },
    id,
    entry.name,
    {
      compute_resource_id: resource,
      operating_system_id: await idOf(
        application,
        'operating_systems',
        'title',
        'operating system',
        entry.operatingSystem,
      ),
      architecture_id: await idOf(application, 'architectures', 'name', 'architecture', entry.architecture),
      name: entry.name,
      name_fold: fold(entry.name),
      uuid: entry.uuid,
      username: entry.username,
      username_fold: entry.username === undefined ? undefined : fold(entry.username),
      password: sealed(core.secrets, before?.password, entry.password),
      user_data: bit(entry.userData),
      iam_role: entry.iamRole,
      created_at: entry.createdAt,
      updated_at: entry.updatedAt,
    },
    {
      username: 'root',
      username_fold: 'root',
      password: null,
      user_data: 0,
      iam_role: null,
      image_seq: image?.seq ?? null,
      automatic: 0,
    },
    ['password'],
  )
}

async function nextId({ trx }: Application): Promise<number> {
  const row = await trx
    .selectFrom('registrations')
    .select((select) => select.fn.max('id').as('id'))
    .executeTakeFirst()
  return (row?.id ?? 0) + 1
}

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
  for (const snapshot of wanted) await trx.insertInto('snapshots').values(snapshot).execute()
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

async function idOf(
  { trx }: Application,
  table: 'compute_resources' | 'operating_systems' | 'architectures' | 'locations',
  column: 'name' | 'title',
  kind: string,
  name: string,
): Promise<number> {
  const row = (await trx
    .selectFrom(table)
    .select('id')
    .where(column as 'name', '=', name)
    .executeTakeFirst()) as { id: number } | undefined
  if (!row) throw unknown(kind, name)
  return row.id
}

async function maybeId(
  ...args: [...(Parameters<typeof idOf> extends [...infer First, string] ? First : never), string | undefined]
): Promise<number | undefined> {
  const [application, table, column, kind, name] = args
  return name === undefined ? undefined : idOf(application, table, column, kind, name)
}

/** An encrypted secret to write, or undefined where the present one says the same. */
function sealed(
  secrets: Application['core']['secrets'],
  present: string | null | undefined,
  given: string | undefined,
): string | undefined {
  if (given === undefined || (present && secrets.decrypt(present) === given)) return undefined
  return secrets.encrypt(given)
}
