import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { Core, Query } from '../src/catalogue/core.ts'
import { fold } from '../src/catalogue/fold.ts'
import { now } from '../src/catalogue/time.ts'
import { prepared } from '../src/database/prepared.ts'
import { offline, perTransaction } from './fill.ts'
import { customer, customerLogin, install, region, startImageport } from './installation.ts'
import { helperStarter } from './processes.ts'
import { against, asked, bareServer, compete, type Filled, grouped, growth, type Run } from './requests.ts'
import type { Result } from './result.ts'

const resource = 'bigcompute'
const systems = [
  { name: 'Debian', major: '12' },
  { name: 'Ubuntu', major: '24', minor: '04' },
  { name: 'Rocky', major: '9' },
]
const architectures = [{ name: 'x86_64' }, { name: 'aarch64' }]
const logins = ['root', 'root', 'root', 'admin', 'cloud-user']

/** Different texts that are searched for. */
const searches = 400
/** Different URLs: more than the server keeps answers to, so that each one is made anew. */
const urls = 20_000

/** Lists of registrations on the Foreman wire: beside the bare server, and searched beside the plain list. */
export async function foremanRows(run: Run): Promise<Result[]> {
  const count = run.scale.manyImages
  run.say(`filling a compute resource with ${grouped(count)} registrations`)
  const installed = install(run.directory, 'foreman', {
    operatingSystems: systems,
    architectures,
    computeResources: [{ name: resource, provider: 'Libvirt' }],
  })
  const installation = { ...installed, authorization: installed.basic }
  const id = await offline(installation, (core) => fillRegistrations(core, count))
  const stops: (() => Promise<void>)[] = []
  const helper = helperStarter(stops)
  try {
    const generator = helper('./load.ts')
    const server = await startImageport(installation, run.profile('foreman'))
    stops.push(server.stop)
    const filled: Filled = { server, installation, ids: [] }
    const list = `/api/compute_resources/${id}/images?per_page=25`
    const bare = await bareServer(helper('./bare-server.ts'), filled, [list])
    run.say('measuring lists of registrations and searches in them')
    const contestants = [
      asked(filled, [list]),
      bare,
      asked(
        filled,
        varied(list, () => ''),
      ),
      asked(filled, varied(list, words)),
      asked(filled, varied(list, fields)),
    ] as const
    const [same, base, plain, byWords, byFields] = await compete(run, generator, contestants)
    const name = grouped(count)
    const searched = (title: string, rounds: NonNullable<typeof plain>, example: string): Result => ({
      ...growth(title, plain!, rounds, 1.5, 'the plain list'),
      notes: [
        `${searches} texts such as "${example}", pages 1 to 20 of both lists, ${grouped(urls)} URLs, none of them asked again while its answer is kept`,
      ],
      details: { rounds, plainRounds: plain },
    })
    return [
      against(`foreman: list 25 of ${name}`, same!, base!, 0.25),
      searched(`foreman: search ${name} for three words`, byWords!, words(0)),
      searched(`foreman: search ${name} by three fields`, byFields!, fields(0)),
    ]
  } finally {
    for (const each of stops.reverse()) await each()
  }
}

const digits = (n: number) => String(n % searches).padStart(3, '0')

/** Words that are looked for in every text: a thousand of the 100,000 names, most logins, and the compute resource. */
const words = (n: number): string => `image-${digits(n)} root ${resource}`
const fields = (n: number): string => `name ~ image-${digits(n)} and username = root and architecture > 0`

/** Nobody reads `turn`: it makes each URL another one. */
function varied(list: string, text: (n: number) => string): string[] {
  return Array.from({ length: urls }, (_, n) => {
    const search = text(n) === '' ? '' : `&search=${encodeURIComponent(text(n))}`
    return `${list}${search}&page=${1 + (n % 20)}&turn=${n}`
  })
}

/** @returns the id of the compute resource, which the customer's project owns */
async function fillRegistrations({ database }: Core, count: number): Promise<number> {
  const { db } = database
  const resourceId = await idOf(db, 'compute_resources', resource)
  // Who belongs to no location sees only what belongs to none, if there are several.
  const locationId = await idOf(db, 'locations', region)
  const { id: userId } = await db
    .selectFrom('users')
    .select('id')
    .where('username', '=', customerLogin)
    .executeTakeFirstOrThrow()
  await db.insertInto('user_locations').values({ user_id: userId, location_id: locationId }).execute()
  await db
    .insertInto('compute_resource_places')
    .values([
      {
        compute_resource_id: resourceId,
        project_id: await idOf(db, 'projects', customer),
        location_id: null,
      },
      { compute_resource_id: resourceId, project_id: null, location_id: locationId },
    ])
    .execute()
  const systemIds = await Promise.all(systems.map(({ name }) => idOf(db, 'operating_systems', name)))
  const architectureIds = await Promise.all(architectures.map(({ name }) => idOf(db, 'architectures', name)))
  const at = now()
  for (let first = 0; first < count; first += perTransaction) {
    await database.transaction(async (trx) => {
      for (let n = first; n < Math.min(count, first + perTransaction); n++) {
        const name = `image-${String(n).padStart(6, '0')}`
        const username = logins[n % logins.length]!
        await insertOne(trx, {
          resourceId,
          systemId: systemIds[n % systemIds.length]!,
          architectureId: architectureIds[n % architectureIds.length]!,
          name,
          nameFold: fold(name),
          uuid: randomUUID(),
          username,
          usernameFold: fold(username),
          at,
        })
      }
    })
    // Ctrl-C wants to be heard.
    await setImmediate()
  }
  return resourceId
}

type Row = {
  readonly resourceId: number
  readonly systemId: number
  readonly architectureId: number
  readonly name: string
  readonly nameFold: string
  readonly uuid: string
  readonly username: string
  readonly usernameFold: string
  readonly at: number
}

const insertOne = prepared((query: Query, row: Row) =>
  query.insertInto('registrations').values({
    compute_resource_id: row.resourceId,
    operating_system_id: row.systemId,
    architecture_id: row.architectureId,
    name: row.name,
    name_fold: row.nameFold,
    uuid: row.uuid,
    username: row.username,
    username_fold: row.usernameFold,
    password: null,
    user_data: 0,
    iam_role: null,
    image_seq: null,
    automatic: 0,
    created_at: row.at,
    updated_at: row.at,
  }),
)

async function idOf(
  query: Query,
  table: 'compute_resources' | 'operating_systems' | 'architectures' | 'projects' | 'locations',
  name: string,
): Promise<number> {
  return (await query.selectFrom(table).select('id').where('name', '=', name).executeTakeFirstOrThrow()).id
}
