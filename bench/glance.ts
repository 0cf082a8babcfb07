import { join } from 'node:path'
import { fill } from './fill.ts'
import { type Glance, glanceMissing, glanceName, startGlance } from './glance-peer.ts'
import { glanceTransferRows } from './glance-transfers.ts'
import { startImageport } from './installation.ts'
import { type Cloud, cloudInstallation, cloudOf, imagePath } from './openstack.ts'
import { helperStarter } from './processes.ts'
import { against, type Contestant, compete, grouped, growth, type Round, type Run } from './requests.ts'
import { median, type Result, skipped, type Target } from './result.ts'

/** Different images that get-one asks for. */
const idsAsked = 500
/** Different URLs, more than the server keeps answers to: `deleted` is a parameter that nobody heeds. */
const urls = 20_000
const listPath = '/v2/images?limit=25'
/** Seconds that so many creations may take. */
const longest = 300

/** OpenStack's Images v2, beside Debian's glance-api where that is installed. */
export async function glanceRows(run: Run): Promise<Result[]> {
  const missing = glanceMissing()
  if (missing !== null) run.say(missing)
  return [...(await requestRows(run, missing)), ...(await glanceTransferRows(run, missing))]
}

type Stops = (() => Promise<void>)[]

async function ours(run: Run, stops: Stops, name: string, count: number) {
  const installation = cloudInstallation(run.directory, name)
  const ids = await fill(installation, count, idsAsked)
  const server = await startImageport(installation, run.profile(name))
  stops.push(server.stop)
  return { cloud: await cloudOf(server, installation.password), ids }
}

async function theirs(run: Run, stops: Stops, name: string, count: number): Promise<Glance> {
  const glance = await startGlance(join(run.directory, name), count, idsAsked)
  stops.push(glance.stop)
  return glance
}

async function requestRows(run: Run, missing: string | null): Promise<Result[]> {
  const { fewImages, listedImages, manyImages } = run.scale
  const stops: Stops = []
  const helper = helperStarter(stops)
  try {
    const generator = helper('./load.ts')
    run.say(`filling catalogues with ${[fewImages, listedImages, manyImages].map(grouped).join(', ')} images`)
    const few = await ours(run, stops, 'openstack-few', fewImages)
    const some = await ours(run, stops, 'openstack-some', listedImages)
    const many = await ours(run, stops, 'openstack-many', manyImages)
    const peers = missing
      ? null
      : {
          few: await theirs(run, stops, 'glance-few', fewImages),
          some: await theirs(run, stops, 'glance-some', listedImages),
        }
    run.say('measuring lists of OpenStack images')
    const lists = await competeWith(run, generator, {
      few: asking(few.cloud, [listPath]),
      some: asking(some.cloud, [listPath]),
      many: asking(many.cloud, [listPath]),
      fewAnew: asking(few.cloud, varied),
      someAnew: asking(some.cloud, varied),
      manyAnew: asking(many.cloud, varied),
      peerFew: peers && asking(peers.few.cloud, [listPath]),
      peerSome: peers && asking(peers.some.cloud, [listPath]),
    })
    run.say('measuring single OpenStack images, and their creation')
    const single = await competeWith(run, generator, {
      get: asking(few.cloud, few.ids.map(imagePath)),
      peerGet: peers && asking(peers.few.cloud, peers.few.ids.map(imagePath)),
      create: creating(run, few.cloud),
      peerCreate: peers && creating(run, peers.few.cloud),
    })
    const beside = (name: string, own: Rounds, peer: Rounds, least: number) =>
      peer.length > 0 ? against(name, own, peer, least, glanceName) : alone(name, own, least, missing!)
    const [count, countSome, countMany] = [fewImages, listedImages, manyImages].map(grouped)
    return [
      beside(`glance: list 25 of ${count}`, lists.few, lists.peerFew, 20),
      beside(`glance: list 25 of ${countSome}`, lists.some, lists.peerSome, 20),
      anew(beside(`glance: list 25 of ${count}, made anew`, lists.fewAnew, lists.peerFew, 20)),
      anew(beside(`glance: list 25 of ${countSome}, made anew`, lists.someAnew, lists.peerSome, 20)),
      growth(`glance: growth from ${count} to ${countMany}`, lists.few, lists.many),
      anew(growth(`glance: growth from ${count} to ${countMany}, made anew`, lists.fewAnew, lists.manyAnew)),
      beside('glance: get one', single.get, single.peerGet, 15),
      beside('glance: create', single.create, single.peerCreate, 8),
    ]
  } finally {
    for (const each of stops.reverse()) await each()
  }
}

type Rounds = readonly Round[]

/** As `compete`, by name; who is missing has no rounds. */
async function competeWith<Name extends string>(
  run: Run,
  generator: Parameters<typeof compete>[1],
  contestants: Readonly<Record<Name, Contestant | null>>,
): Promise<Record<Name, Rounds>> {
  const present = Object.entries<Contestant | null>(contestants).filter(
    (entry): entry is [string, Contestant] => entry[1] !== null,
  )
  const all = await compete(
    run,
    generator,
    present.map(([, contestant]) => contestant),
  )
  const rounds = new Map(present.map(([name], at) => [name, all[at]!]))
  return Object.fromEntries(
    Object.keys(contestants).map((name) => [name, rounds.get(name) ?? []]),
  ) as unknown as Record<Name, Rounds>
}

const varied = Array.from({ length: urls }, (_, n) => `${listPath}&deleted=${n}`)

function asking({ url, pids, headers }: Cloud, paths: readonly string[]): Contestant {
  return { port: Number(new URL(url).port), pids, paths, headers }
}

/** As many for each, so that their catalogues grow alike. */
function creating({ scale }: Run, cloud: Cloud): Contestant {
  const body = JSON.stringify({
    name: 'server-{turn}',
    disk_format: 'qcow2',
    container_format: 'bare',
    min_disk: 10,
    min_ram: 512,
    tags: ['server'],
    os_distro: 'debian',
    os_version: '12',
    architecture: 'x86_64',
  })
  const asked = asking(cloud, ['/v2/images'])
  const headers = { ...asked.headers, 'content-type': 'application/json' }
  return { ...asked, headers, sent: { body, status: 201, requests: scale.created, seconds: longest } }
}

function anew(result: Result): Result {
  const note = `${grouped(urls)} URLs, none of them asked again while its answer is kept`
  return { ...result, notes: [...result.notes, note] }
}

/** Our own figure where there is nothing beside it. */
function alone(name: string, own: Rounds, least: number, why: string): Result {
  const target: Target = { value: least, bound: 'at least', of: 'ratio' }
  return {
    ...skipped(name, 'req/s', target, why),
    measured: median(own.map(({ perSecond }) => perSecond)),
    notes: [`NOT COMPARED: ${why}`],
    details: { rounds: own },
  }
}
