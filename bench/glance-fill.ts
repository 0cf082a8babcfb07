import pg from 'pg'
import { now, second } from '../src/catalogue/time.ts'
import { imageNumber } from './fill.ts'

const perInsert = 500
/** The owner of all of them, in Keystone's notation. */
const owner = '0123456789abcdef0123456789abcdef'

/**
 * Puts the images that `fill` gives to Imageport into the database of a Glance that does not run yet.
 * @returns their ids, spread over the catalogue: at most `wanted`
 */
export async function fillGlance(database: string, count: number, wanted: number): Promise<string[]> {
  const client = new pg.Client(database)
  await client.connect()
  try {
    const ids: string[] = []
    const step = Math.max(1, Math.floor(count / wanted))
    const at = now()
    for (let first = 0; first < count; first += perInsert) {
      const numbers = Array.from({ length: Math.min(perInsert, count - first) }, (_, n) => first + n)
      const images = numbers.map((n) => sample(n, at - (count - n) * 60 * second))
      for (const n of numbers) if (n % step === 0 && ids.length < wanted) ids.push(images[n - first]!.id)
      await insertImages(client, images)
    }
    await client.query('analyze')
    return ids
  } finally {
    await client.end()
  }
}

function sample(n: number, createdAt: number) {
  const image = imageNumber(n, { ownerId: 1, locationId: 1, createdAt })
  return { ...image, id: image.uuid, created: new Date(createdAt / 1000).toISOString() }
}

type Sample = ReturnType<typeof sample>

async function insertImages(client: pg.Client, images: readonly Sample[]): Promise<void> {
  await insert(client, 'images', images, {
    id: ['varchar', ({ id }) => id],
    name: ['varchar', ({ name }) => name],
    size: ['bigint', ({ size }) => size],
    status: ['varchar', ({ status }) => status],
    created_at: ['timestamp', ({ created }) => created],
    updated_at: ['timestamp', ({ created }) => created],
    deleted: ['boolean', () => false],
    disk_format: ['varchar', ({ diskFormat }) => diskFormat],
    container_format: ['varchar', ({ containerFormat }) => containerFormat],
    checksum: ['varchar', ({ digests }) => digests.md5],
    owner: ['varchar', () => owner],
    min_disk: ['int', ({ minDisk }) => minDisk],
    min_ram: ['int', ({ minRam }) => minRam],
    protected: ['boolean', () => false],
    virtual_size: ['bigint', ({ virtualSize }) => virtualSize],
    visibility: ['image_visibility', ({ visibility }) => visibility],
    os_hidden: ['boolean', () => false],
    os_hash_algo: ['varchar', () => 'sha512'],
    os_hash_value: ['varchar', ({ digests }) => digests.sha512],
  })
  const parts = <Part>(of: (image: Sample) => readonly Part[]) =>
    images.flatMap((image) => of(image).map((part) => ({ image, part })))
  const common = {
    image_id: ['varchar', ({ image }: { image: Sample }) => image.id],
    created_at: ['timestamp', ({ image }: { image: Sample }) => image.created],
    deleted: ['boolean', () => false],
  } as const
  await insert(
    client,
    'image_properties',
    parts(({ properties }) => Object.entries(properties)),
    { ...common, name: ['varchar', ({ part }) => part[0]], value: ['text', ({ part }) => part[1]] },
  )
  await insert(
    client,
    'image_tags',
    parts(({ tags }) => tags),
    { ...common, value: ['varchar', ({ part }) => part] },
  )
  await insert(
    client,
    'image_locations',
    parts(({ id }) => [`file:///images/${id}`]),
    {
      ...common,
      value: ['text', ({ part }) => part],
      meta_data: ['text', () => '{"store": "file"}'],
      status: ['varchar', () => 'active'],
    },
  )
}

type Columns<Row> = Readonly<Record<string, readonly [type: string, of: (row: Row) => unknown]>>

/** All rows with one statement: each column is an array. */
async function insert<Row>(
  client: pg.Client,
  table: string,
  rows: readonly Row[],
  columns: Columns<Row>,
): Promise<void> {
  const names = Object.keys(columns)
  const arrays = Object.values(columns).map(([type], at) => `$${at + 1}::${type}[]`)
  await client.query(
    `insert into ${table} (${names.join(', ')}) select * from unnest(${arrays.join(', ')})`,
    Object.values(columns).map(([, of]) => rows.map(of)),
  )
}
