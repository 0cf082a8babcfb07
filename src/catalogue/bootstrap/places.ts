import { fold } from '../fold.ts'
import { findSystem, guessFamily, systemTitle } from '../places/systems/facts.ts'
import type { Entry } from './document.ts'
import { idOf } from './lookups.ts'
import { bit } from './people.ts'
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
  // One that is there under its name and version may be called otherwise.
  const known = await findSystem(application.trx, system)
  const [key, value] = known === undefined ? (['title', title] as const) : (['id', known] as const)
  await upsert(
    application,
    { table: 'operating_systems', kind: 'operating system', key },
    value,
    title,
    {
      ...(known !== undefined && entry.description !== undefined ? { title, title_fold: fold(title) } : {}),
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

/** An encrypted secret to write, or undefined where the present one says the same. */
function sealed(
  secrets: Application['core']['secrets'],
  present: string | null | undefined,
  given: string | undefined,
): string | undefined {
  if (given === undefined || (present && secrets.decrypt(present) === given)) return undefined
  return secrets.encrypt(given)
}
