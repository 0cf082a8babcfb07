import { createHash, randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { sql } from 'kysely'
import { pino } from 'pino'
import { assemble } from '../src/assembly/serve.ts'
import { systemActor } from '../src/catalogue/actor.ts'
import { applyBootstrap, firstStart } from '../src/catalogue/bootstrap/apply.ts'
import type { Core, Query } from '../src/catalogue/core.ts'
import { type StoredFacts, toRow } from '../src/catalogue/images/row.ts'
import { now, second } from '../src/catalogue/time.ts'
import { preparedInsert } from '../src/database/prepared.ts'
import { loadSettings } from '../src/settings.ts'
import { customer, type Installation, region } from './installation.ts'

/**
 * Puts so many images of one customer into the database of an installation whose server does not run yet. Written
 * directly, because creating 100,000 images one by one takes longer than everything that is measured.
 * @returns their ids, spread over the catalogue: at most `wanted`
 */
export function fill(installation: Installation, count: number, wanted: number): Promise<string[]> {
  return offline(installation, (core) => withoutOrderIndexes(core, () => insertAll(core, count, wanted)))
}

/** Does something with the database of an installation whose server does not run yet, after its first start. */
export async function offline<T>(installation: Installation, work: (core: Core) => Promise<T>): Promise<T> {
  const settings = loadSettings({ ...installation.environment }, { cwd: installation.directory })
  const parts = await assemble(settings, pino({ level: 'silent' }))
  try {
    const { core } = parts
    await firstStart(core, systemActor, settings.adminPassword!)
    const { bootstrap, bootstrapFile } = installation
    await applyBootstrap(core, systemActor, JSON.stringify(bootstrap), bootstrapFile)
    return await work(core)
  } finally {
    await parts.close()
  }
}

/** Most of the work of an insert is in the indexes by which lists are ordered; made afterwards they cost less. */
async function withoutOrderIndexes<T>({ database: { db } }: Core, work: () => Promise<T>): Promise<T> {
  const { rows: dropped } = await sql<{ name: string; statement: string }>`
    select name, sql as statement from sqlite_master where type = 'index' and tbl_name = 'images' and sql is not null`.execute(
    db,
  )
  for (const { name } of dropped) await sql`drop index ${sql.ref(name)}`.execute(db)
  const result = await work()
  for (const { statement } of dropped) {
    await sql.raw(statement).execute(db)
    await setImmediate()
  }
  return result
}

const insertOne = preparedInsert((query: Query, row: ReturnType<typeof toRow>) =>
  query.insertInto('images').values(row),
)

export const perTransaction = 1_000

async function insertAll({ database }: Core, count: number, wanted: number): Promise<string[]> {
  const { db } = database
  const idOf = async (table: 'projects' | 'locations', name: string) =>
    (await db.selectFrom(table).select('id').where('name', '=', name).executeTakeFirstOrThrow()).id
  const place = { ownerId: await idOf('projects', customer), locationId: await idOf('locations', region) }
  const ids: string[] = []
  const step = Math.max(1, Math.floor(count / wanted))
  const at = now()
  for (let first = 0; first < count; first += perTransaction) {
    await database.transaction(async (trx) => {
      for (let n = first; n < Math.min(count, first + perTransaction); n++) {
        const image = imageNumber(n, { ...place, createdAt: at - (count - n) * 60 * second })
        if (n % step === 0 && ids.length < wanted) ids.push(image.uuid)
        await insertOne(trx, toRow(image))
      }
    })
    // Everything above runs without a pause; Ctrl-C wants to be heard.
    await setImmediate()
  }
  return ids
}

const systems = [
  ['ubuntu', '22.04'],
  ['ubuntu', '24.04'],
  ['debian', '12'],
  ['centos', '7'],
  ['rocky', '9'],
  ['windows', '2022'],
] as const

/** One image as a cloud makes it: the 22 properties and the OS facts of the published OneCloudPlanet example. */
export function imageNumber(
  n: number,
  place: { readonly ownerId: number; readonly locationId: number; readonly createdAt: number },
): StoredFacts {
  const [distro, version] = systems[n % systems.length]!
  const hex = (algorithm: string) => createHash(algorithm).update(String(n)).digest('hex')
  const visibility = n % 50 === 0 ? 'community' : n % 10 === 0 ? 'shared' : 'private'
  return {
    ...place,
    uuid: randomUUID(),
    handle: `image-${n}`,
    name: `${distro}-${version}-server-${n}`,
    status: 'active',
    external: false,
    visibility,
    creatorId: null,
    region,
    diskFormat: n % 3 === 0 ? 'raw' : 'qcow2',
    containerFormat: 'bare',
    size: 1_000_000_000 + n * 4096,
    virtualSize: 10 * 1024 ** 3,
    digests: { md5: hex('md5'), sha1: hex('sha1'), sha256: null, sha512: hex('sha512') },
    blobId: null,
    minDisk: 10,
    minRam: 512,
    protected: false,
    hidden: false,
    tags: [distro, `release-${n % 20}`, 'server'],
    properties: propertiesOf(n, distro, version),
    version: null,
    resize: null,
    deploy: null,
    bound: true,
    attached: true,
    withdrawn: false,
    manifest: null,
    unregistered: false,
    failure: null,
    import: null,
    updatedAt: place.createdAt + 10 * second,
    deletedAt: null,
    publishedAt: place.createdAt,
    cleanupAt: null,
  }
}

function propertiesOf(n: number, distro: string, version: string): Record<string, string> {
  return {
    'owner_specified.openstack.md5': '',
    'owner_specified.openstack.sha256': '',
    'owner_specified.openstack.object': `images/${distro}-${version}`,
    hw_qemu_guest_agent: 'yes',
    base_image_ref: randomUUID(),
    owner_user_name: 'admin',
    owner_project_name: '933016',
    boot_roles: 'reader,member,load-balancer_member,_member_',
    hw_machine_type: 'pc',
    hw_cdrom_bus: 'ide',
    hw_disk_bus: 'virtio',
    hw_input_bus: 'usb',
    hw_pointer_model: 'usbtablet',
    hw_video_model: 'virtio',
    hw_vif_model: 'virtio',
    instance_uuid: randomUUID(),
    user_id: randomUUID().replaceAll('-', ''),
    image_type: n % 2 === 0 ? 'backup' : 'snapshot',
    backup_type: 'manual',
    image_location: 'snapshot',
    owner_id: randomUUID().replaceAll('-', ''),
    image_state: 'available',
    os_distro: distro,
    os_version: version,
    architecture: 'x86_64',
  }
}
