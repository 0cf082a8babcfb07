import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { curl, hasCurl } from './client.ts'
import { writeRandomFile } from './content.ts'
import { glanceName, startGlance } from './glance-peer.ts'
import { startImageport } from './installation.ts'
import { nginxProgram, startNginx } from './nginx.ts'
import { type Cloud, cloudInstallation, cloudOf, createImage, deleteImage, imagePath } from './openstack.ts'
import { start } from './processes.ts'
import type { Run } from './requests.ts'
import { median, type Result, skipped, type Target } from './result.ts'
import { againstRates, type Measured, onlyFile, seed, timed } from './transfers.ts'

const atLeast = (value: number): Target => ({ value, bound: 'at least', of: 'ratio' })

/** A download takes less than a second; more of them make the median steady. */
const downloadsEach = 3

type Rates = { readonly in: Measured[]; readonly out: Measured[] }

/** Megabytes per second of one large image over OpenStack's Images v2, in and out, by curl. */
export async function glanceTransferRows(run: Run, missing: string | null): Promise<Result[]> {
  const { imageBytes, transfers } = run.scale
  const size = `${Math.round(imageBytes / 1024 ** 2)} MiB`
  const rows = {
    upload: { name: `glance: upload of ${size}`, target: atLeast(1.2) },
    download: { name: `glance: download of ${size}`, target: atLeast(0.9) },
    nginx: { name: `glance: download of ${size}, beside nginx`, target: atLeast(0.7) },
  }
  if (!(await hasCurl()))
    return Object.values(rows).map(({ name, target }) =>
      skipped(name, 'MB/s', target, 'curl is not installed'),
    )
  const own: Rates = { in: [], out: [] }
  const peer: Rates = { in: [], out: [] }
  const web: Measured[] = []
  const stops: (() => Promise<void>)[] = []
  try {
    const source = join(run.directory, 'openstack.raw')
    run.say(`making an image of ${size}`)
    await writeRandomFile(source, imageBytes, seed)
    stops.push(() => rm(source))
    const installation = cloudInstallation(run.directory, 'openstack-transfers')
    const server = await startImageport(installation, run.profile('openstack-transfers'))
    stops.push(server.stop)
    const cloud = await cloudOf(server, installation.password)
    const glance = missing ? null : await startGlance(join(run.directory, 'glance-transfers'), 0, 0)
    if (glance) stops.push(glance.stop)
    const blobs = join(installation.directory, 'data', 'blobs')
    const program = nginxProgram()
    const nginx = program ? await startNginx(program, join(run.directory, 'openstack-nginx'), blobs) : null
    if (nginx) stops.push(nginx.stop)
    run.say('measuring uploads and downloads of OpenStack images')
    // The first round starts the digest threads, compiles the code and fills the page cache.
    for (let round = -1; round < transfers; round++) {
      const id = await transfer(cloud, source, imageBytes, round < 0 ? null : own)
      if (nginx) web.push(...(await downloads(`${nginx.url}/${onlyFile(blobs)}`, [nginx.pid], imageBytes)))
      if (round < 0) web.length = 0
      await deleteImage(cloud, id)
      if (glance)
        await deleteImage(
          glance.cloud,
          await transfer(glance.cloud, source, imageBytes, round < 0 ? null : peer),
        )
    }
  } finally {
    for (const each of stops.reverse()) await each()
  }
  const beside = (
    { name, target }: (typeof rows)['upload'],
    mine: readonly Measured[],
    base: readonly Measured[],
    [baselineName, why]: readonly [string, string],
  ): Result =>
    base.length > 0
      ? againstRates(name, mine, base, { baselineName, target })
      : {
          ...skipped(name, 'MB/s', target, why),
          measured: median(mine.map(({ rate }) => rate)) / 1e6,
          notes: [`NOT COMPARED: ${why}`],
        }
  const glanceSide = [glanceName, missing ?? ''] as const
  return [
    beside(rows.upload, own.in, peer.in, glanceSide),
    beside(rows.download, own.out, peer.out, glanceSide),
    beside(rows.nginx, own.out, web, [
      'nginx',
      'nginx is not installed (Debian: apt-get install nginx-light)',
    ]),
  ]
}

/**
 * One image in and several times out. Another one goes in before it and is not counted: what a virtual machine has not
 * used for a while it has to ask its host for, page by page.
 * @returns its id
 */
async function transfer(cloud: Cloud, source: string, bytes: number, rates: Rates | null): Promise<string> {
  await deleteImage(cloud, (await upload(cloud, source, bytes)).id)
  const { id, sent } = await upload(cloud, source, bytes)
  const received = await downloads(cloud.url + filePath(id), cloud.pids, bytes, fields(cloud))
  rates?.in.push(sent)
  rates?.out.push(...received)
  return id
}

const filePath = (id: string) => `${imagePath(id)}/file`

async function upload(
  cloud: Cloud,
  source: string,
  bytes: number,
): Promise<{ readonly id: string; readonly sent: Measured }> {
  const id = await createImage(cloud)
  const type = ['--header', 'Content-Type: application/octet-stream']
  const args = [...fields(cloud), ...type, '--upload-file', source, cloud.url + filePath(id)]
  await written()
  return { id, sent: await timed(cloud.pids, bytes, () => curl(args, { status: 204 })) }
}

/** Glance leaves its bytes for the kernel to write when it likes; whoever is measured next must not wait for them. */
function written(): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = start('sync', [], { stdio: 'ignore' })
    child.once('error', reject)
    child.once('exit', () => resolve())
  })
}

async function downloads(
  url: string,
  pids: readonly number[],
  bytes: number,
  headers: readonly string[] = [],
): Promise<Measured[]> {
  const rates: Measured[] = []
  for (let n = 0; n < downloadsEach; n++)
    rates.push(
      await timed(pids, bytes, () =>
        curl([...headers, '--output', '/dev/null', url], { status: 200, bytes }),
      ),
    )
  return rates
}

function fields({ headers }: Cloud): string[] {
  return Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`])
}
