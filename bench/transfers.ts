import { readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Baselines, baselines, digestNames } from './baselines.ts'
import { curl, hasCurl, imagesPath, remove, uploadFields } from './client.ts'
import { writeRandomFile } from './content.ts'
import { type Installation, install, type Server, startImageport } from './installation.ts'
import { nginxProgram, startNginx } from './nginx.ts'
import { processorSeconds } from './processes.ts'
import type { Run } from './requests.ts'
import { median, type Pair, type Result, skipped, type Target } from './result.ts'

export type Place = { readonly server: Server; readonly installation: Installation; readonly source: string }

const uploadTarget: Target = { value: 0.6, bound: 'at least', of: 'ratio' }
const downloadTarget: Target = { value: 0.7, bound: 'at least', of: 'ratio' }
/** Random bytes, the same in every run. */
export const seed = 1

/** Megabytes per second of one large image, in and out. */
export async function transferRows(
  run: Run,
  rows: { upload: boolean; download: boolean },
): Promise<Result[]> {
  const size = `${Math.round(run.scale.imageBytes / 1024 ** 2)} MiB`
  const uploadName = `upload of ${size}`
  const downloadName = `download of ${size}`
  if (!(await hasCurl())) {
    const why = 'curl is not installed'
    return [
      ...(rows.upload ? [skipped(uploadName, 'MB/s', uploadTarget, why)] : []),
      ...(rows.download ? [skipped(downloadName, 'MB/s', downloadTarget, why)] : []),
    ]
  }
  const installation = install(run.directory, 'transfers')
  const source = join(run.directory, 'disk.raw')
  run.say(`making an image of ${size}`)
  await writeRandomFile(source, run.scale.imageBytes, seed)
  const server = await startImageport(installation, run.profile('transfers'))
  try {
    const place = { server, installation, source }
    const results: Result[] = []
    if (rows.upload) results.push(await uploads(run, uploadName, place))
    if (rows.download) results.push(await downloads(run, downloadName, place))
    return results
  } finally {
    await server.stop()
    await rm(source)
    await rm(installation.directory, { recursive: true })
  }
}

export type Measured = { readonly rate: number; readonly cpuPerGigabyte: number | null }

/** Wall-clock rate as the client sees it (bytes per second), and what it cost the serving processes. */
export async function timed(
  pids: readonly number[],
  bytes: number,
  work: () => Promise<{ seconds: number }>,
): Promise<Measured> {
  const before = processorSeconds(...pids)
  const { seconds } = await work()
  const after = processorSeconds(...pids)
  const cpuPerGigabyte = before === null || after === null ? null : ((after - before) / bytes) * 1e9
  return { rate: bytes / seconds, cpuPerGigabyte }
}

export async function upload({
  server,
  installation,
  source,
}: Place): Promise<{ seconds: number; id: string }> {
  const { authorization } = installation
  const fields = uploadFields('disk').flatMap(([name, value]) => ['--form', `${name}=${value}`])
  const { seconds, body } = await curl(
    [
      '--header',
      `Authorization: ${authorization}`,
      ...fields,
      '--form',
      `file=@"${source}"`,
      server.url + imagesPath,
    ],
    { status: 201 },
  )
  return { seconds, id: (JSON.parse(body) as { id: string }).id }
}

async function uploads(run: Run, name: string, place: Place): Promise<Result> {
  const { transfers, imageBytes } = run.scale
  const { server, installation } = place
  const own: Measured[] = []
  const base: Baselines[] = []
  run.say('measuring uploads')
  // The first one starts the digest threads and compiles the code.
  await remove(server, installation, (await upload(place)).id)
  for (let round = 0; round < transfers; round++) {
    let id = ''
    const work = async () => {
      const done = await upload(place)
      id = done.id
      return done
    }
    own.push(await timed([server.pid], imageBytes, work))
    await remove(server, installation, id)
    base.push(await baselines(installation.directory, imageBytes))
  }
  const of = (what: keyof Baselines) => median(base.map((each) => each[what]))
  const slowest = [...digestNames, 'write' as const].reduce((a, b) => (of(b) < of(a) ? b : a))
  const rate = median(own.map((each) => each.rate))
  const others = [...digestNames, 'write' as const].map((what) => `${what} ${Math.round(of(what) / 1e6)}`)
  const cpu = own.map(({ cpuPerGigabyte }) => cpuPerGigabyte).filter((seconds) => seconds !== null)
  return {
    name,
    unit: 'MB/s',
    measured: rate / 1e6,
    baseline: of(slowest) / 1e6,
    baselineName: slowest === 'write' ? 'write and fdatasync' : `${slowest} alone`,
    ratio: median(own.map((each, at) => each.rate / base[at]![slowest])),
    target: uploadTarget,
    processor: null,
    notes: [
      `baselines in MB/s: ${others.join(', ')}; one thread each`,
      ...(cpu.length > 0 ? [`${median(cpu).toFixed(2)} s of processor time per GB in the server`] : []),
    ],
    details: { rounds: own, baselineRounds: base },
  }
}

async function downloads(run: Run, name: string, place: Place): Promise<Result> {
  const program = nginxProgram()
  if (program === undefined) {
    const why = 'nginx, the baseline, is not installed (Debian: apt-get install nginx-light)'
    return skipped(name, 'MB/s', downloadTarget, why)
  }
  const { transfers, imageBytes } = run.scale
  const { server, installation } = place
  const { id } = await upload(place)
  const blobs = join(installation.directory, 'data', 'blobs')
  const nginx = await startNginx(program, join(run.directory, 'nginx'), blobs)
  try {
    run.say('measuring downloads')
    const header = `Authorization: ${installation.authorization}`
    const fetched = (url: string) =>
      curl(['--header', header, '--output', '/dev/null', url], { status: 200, bytes: imageBytes })
    const ours = () =>
      timed([server.pid], imageBytes, () => fetched(`${server.url}${imagesPath}/${id}/download`))
    const theirs = () => timed([nginx.pid], imageBytes, () => fetched(`${nginx.url}/${onlyFile(blobs)}`))
    await ours() // into the page cache, and both of them warm
    await theirs()
    const own: Measured[] = []
    const base: Measured[] = []
    // A download takes less than a second; more of them make the median steady.
    for (let round = 0; round < transfers * 3; round++) {
      own.push(await ours())
      base.push(await theirs())
    }
    return againstRates(name, own, base, { baselineName: 'nginx', target: downloadTarget })
  } finally {
    await nginx.stop()
    await remove(server, installation, id)
  }
}

/** Transfers beside other transfers of the same bytes, made in turn. */
export function againstRates(
  name: string,
  own: readonly Measured[],
  base: readonly Measured[],
  {
    baselineName,
    target,
    notes = [],
  }: Pick<Result, 'baselineName' | 'target'> & Partial<Pick<Result, 'notes'>>,
): Result {
  return {
    name,
    unit: 'MB/s',
    measured: median(own.map(({ rate }) => rate)) / 1e6,
    baseline: median(base.map(({ rate }) => rate)) / 1e6,
    baselineName,
    ratio: median(own.map(({ rate }, at) => rate / base[at]!.rate)),
    target,
    processor: processorPair(own, base),
    notes,
    details: { rounds: own, baselineRounds: base },
  }
}

/** The one blob of the store, relative to its directory. */
export function onlyFile(directory: string): string {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  const [file] = files
  if (files.length !== 1) throw new Error(`one blob was expected, ${files.length} files found`)
  return `${file!.parentPath.slice(directory.length + 1)}/${file!.name}`
}

function processorPair(own: readonly Measured[], base: readonly Measured[]): Pair | null {
  const [measured, baseline] = [own, base].map((all) => {
    const known = all.map(({ cpuPerGigabyte }) => cpuPerGigabyte).filter((seconds) => seconds !== null)
    return known.length === all.length ? median(known) : null
  })
  if (measured == null || baseline == null) return null
  return { measured, baseline, ratio: baseline / measured, unit: 's/GB' }
}
