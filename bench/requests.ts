import type { ChildProcess } from 'node:child_process'
import type { Answers } from './bare-server.ts'
import { fill } from './fill.ts'
import { type Installation, install, type Server, startImageport } from './installation.ts'
import type { Job, Load } from './load.ts'
import type { Scale } from './options.ts'
import { helperStarter, nextMessage, processorSeconds } from './processes.ts'
import { median, type Pair, type Result } from './result.ts'

/** What the rows need of the run. */
export type Run = {
  readonly scale: Scale
  /** A temporary directory. */
  readonly directory: string
  say(text: string): void
  /** Flags for a server's Node, and what to do when it has ended. */
  profile(name: string): readonly string[]
}

export type Filled = {
  readonly server: Server
  readonly installation: Installation
  readonly ids: readonly string[]
}

/** Somebody who is asked for something. */
export type Contestant = {
  readonly port: number
  readonly pids: readonly number[]
  readonly paths: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  /** What is sent instead of reading, and so many of it in each round (load.ts). */
  readonly sent?: Required<Pick<Job, 'body' | 'status' | 'requests' | 'seconds'>>
}

export type Round = {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  readonly cpuMicros: number | null
}

const images = '/backend/api/openstack/images'
const listPath = `${images}?page_size=25`
/** Different images that get-one asks for. */
const idsAsked = 500

/** Requests per second, beside a bare Node HTTP server that answers the same bytes. */
export async function requestRows(run: Run, rows: { list: boolean; get: boolean }): Promise<Result[]> {
  const { fewImages, manyImages } = run.scale
  const stops: (() => Promise<void>)[] = []
  const filled = async (count: number): Promise<Filled> => {
    run.say(`filling a catalogue with ${grouped(count)} images`)
    const installation = install(run.directory, `catalogue-${count}`)
    const ids = await fill(installation, count, idsAsked)
    const server = await startImageport(installation, run.profile(`${count}-images`))
    stops.push(server.stop)
    return { server, installation, ids }
  }
  const helper = helperStarter(stops)
  try {
    const generator = helper('./load.ts')
    const few = rows.list ? await filled(fewImages) : null
    const many = await filled(manyImages)
    const results: Result[] = []
    if (few) {
      const name = (count: number) => `list 25 of ${grouped(count)}`
      const bare = await bareServer(helper('./bare-server.ts'), few, [listPath])
      run.say('measuring lists')
      const rounds = await compete(run, generator, [asked(few, [listPath]), bare, asked(many, [listPath])])
      const [small, base, large] = rounds as [Round[], Round[], Round[]]
      results.push(against(name(fewImages), small, base, 0.25), against(name(manyImages), large, base, 0.25))
      results.push(growth(`growth from ${grouped(fewImages)} to ${grouped(manyImages)}`, small, large))
    }
    if (rows.get) {
      const paths = many.ids.map((id) => `${images}/${id}`)
      const bare = await bareServer(helper('./bare-server.ts'), many, paths)
      run.say('measuring single images')
      const [own, base] = await compete(run, generator, [asked(many, paths), bare])
      results.push(against(`get one of ${grouped(manyImages)}`, own!, base!, 0.5))
    }
    return results
  } finally {
    for (const each of stops.reverse()) await each()
  }
}

export function asked({ server, installation }: Filled, paths: readonly string[]): Contestant {
  return {
    port: Number(new URL(server.url).port),
    pids: [server.pid],
    paths,
    headers: { authorization: installation.authorization },
  }
}

/** Headers that Node's server writes by itself. */
const ownHeaders = new Set(['connection', 'keep-alive', 'date', 'transfer-encoding'])

/** Gives the bare server the answers of the real one, headers included. */
export async function bareServer(
  child: ChildProcess,
  { server, installation }: Filled,
  paths: readonly string[],
): Promise<Contestant> {
  const headers = { authorization: installation.authorization }
  const answers: Record<string, Answers[string]> = {}
  for (const path of paths) {
    const response = await fetch(server.url + path, { headers })
    if (response.status !== 200)
      throw new Error(`${path} answers ${response.status}: ${await response.text()}`)
    const answered = [...response.headers].filter(([name]) => !ownHeaders.has(name))
    const body = Buffer.from(await response.arrayBuffer()).toString('base64')
    answers[path] = { headers: answered.flat(), body }
  }
  child.send(answers)
  const { port } = await nextMessage<{ port: number }>(child)
  return { port, pids: [child.pid!], paths, headers }
}

/** All of them in turn, again and again, so that whatever else the machine does disturbs them alike. */
export async function compete(
  run: Run,
  generator: ChildProcess,
  contestants: readonly Contestant[],
): Promise<Round[][]> {
  const { rounds, roundSeconds } = run.scale
  for (const contestant of contestants) await ask(run, generator, contestant, Math.max(1, roundSeconds / 2))
  const all: Round[][] = contestants.map(() => [])
  for (let round = 0; round < rounds; round++) {
    for (const [at, contestant] of contestants.entries())
      all[at]!.push(await ask(run, generator, contestant, roundSeconds))
  }
  return all
}

async function ask(
  { scale }: Run,
  generator: ChildProcess,
  contestant: Contestant,
  seconds: number,
): Promise<Round> {
  const { port, pids, paths, sent } = contestant
  const before = processorSeconds(...pids)
  const headers = { ...contestant.headers, accept: 'application/json' }
  const { connections } = scale
  const job: Job = { host: '127.0.0.1', port, paths, headers, connections, seconds, status: 200, ...sent }
  generator.send(job)
  const load = await nextMessage<Load>(generator)
  if ('error' in load) throw new Error(`the load broke off: ${load.error}`)
  const after = processorSeconds(...pids)
  return {
    perSecond: load.requests / load.seconds,
    p50: load.p50,
    p99: load.p99,
    cpuMicros: before === null || after === null ? null : ((after - before) / load.requests) * 1e6,
  }
}

export function against(
  name: string,
  own: readonly Round[],
  base: readonly Round[],
  least: number,
  baselineName = 'bare Node server',
): Result {
  return {
    name,
    unit: 'req/s',
    measured: median(own.map(({ perSecond }) => perSecond)),
    baseline: median(base.map(({ perSecond }) => perSecond)),
    baselineName,
    ratio: median(own.map(({ perSecond }, at) => perSecond / base[at]!.perSecond)),
    target: { value: least, bound: 'at least', of: 'ratio' },
    // The other way round, so that it can be read beside the first ratio: 0.5 is twice the time.
    processor: processorPair(own, base, (mine, theirs) => theirs / mine),
    notes: [],
    details: { rounds: own, baselineRounds: base },
  }
}

export function growth(
  name: string,
  few: readonly Round[],
  many: readonly Round[],
  most = 1.3,
  baselineName = 'the smaller catalogue',
): Result {
  const milliseconds = (rounds: readonly Round[]) => median(rounds.map(({ perSecond }) => 1000 / perSecond))
  return {
    name,
    unit: 'ms/req',
    measured: milliseconds(many),
    baseline: milliseconds(few),
    baselineName,
    ratio: median(few.map(({ perSecond }, at) => perSecond / many[at]!.perSecond)),
    target: { value: most, bound: 'at most', of: 'ratio' },
    processor: processorPair(many, few, (large, small) => large / small),
    notes: [],
    details: null,
  }
}

/** Microseconds of processor time per request. */
function processorPair(
  own: readonly Round[],
  base: readonly Round[],
  ratio: (own: number, base: number) => number,
): Pair | null {
  const [measured, baseline] = [own, base].map((rounds) => {
    const known = rounds.map(({ cpuMicros }) => cpuMicros).filter((micros) => micros !== null)
    return known.length === rounds.length ? median(known) : null
  })
  if (measured == null || baseline == null) return null
  return { measured, baseline, ratio: ratio(measured, baseline), unit: 'µs/req' }
}

export function grouped(count: number): string {
  return count.toLocaleString('en-US')
}
