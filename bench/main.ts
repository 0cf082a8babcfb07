/** `npm run bench`: measures the server beside its baselines, in one run, and prints a table. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { consoleRows } from './console.ts'
import { danubeRows } from './danube.ts'
import { foremanRows } from './foreman.ts'
import { glanceRows } from './glance.ts'
import { machineFacts, machineText } from './machine.ts'
import { memoryRow } from './memory.ts'
import { parseOptions, type RowName, scaleOf, usage } from './options.ts'
import { killAll } from './processes.ts'
import { topOf } from './profile.ts'
import { type Run, requestRows } from './requests.ts'
import { met, type Result, table } from './result.ts'
import { transferRows } from './transfers.ts'

const options = parseOptions(process.argv.slice(2))
if (options === null) {
  process.stderr.write(`${usage}\n`)
  process.exit(2)
}

const results = fileURLToPath(new URL('results', import.meta.url))
const stamp = new Date().toISOString().replaceAll(':', '-').slice(0, 19)
const directory = mkdtempSync(join(process.env.IMAGEPORT_BENCH_DIR ?? tmpdir(), 'imageport-bench-'))
mkdirSync(results, { recursive: true })

/** Whichever way this ends: no process stays, no file. */
process.on('exit', () => {
  killAll()
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
})
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)
  process.on(signal, () => process.exit(code))

const before = machineFacts()
console.log(machineText(before))
const run: Run = {
  scale: scaleOf(options),
  directory,
  say: (text) => process.stderr.write(`bench: ${text}\n`),
  profile: (name) =>
    options.profile
      ? ['--cpu-prof', `--cpu-prof-dir=${results}`, `--cpu-prof-name=${stamp}-${name}.cpuprofile`]
      : [],
}

const wants = (row: RowName) => options.rows.includes(row)
const measured: Result[] = []
if (wants('list') || wants('get'))
  measured.push(...(await requestRows(run, { list: wants('list'), get: wants('get') })))
if (wants('upload') || wants('download'))
  measured.push(...(await transferRows(run, { upload: wants('upload'), download: wants('download') })))
if (wants('memory')) measured.push(await memoryRow(run))
if (wants('foreman')) measured.push(...(await foremanRows(run)))
if (wants('danube')) measured.push(...(await danubeRows(run)))
if (wants('glance')) measured.push(...(await glanceRows(run)))
if (wants('console')) measured.push(...(await consoleRows(run)))

console.log(`\n${table(measured)}`)
if (options.quick) console.log('\n--quick: too little was measured for these figures to mean much')
for (const file of readdirSync(results)
  .filter((name) => name.startsWith(stamp))
  .sort())
  console.log(`\nWhere the time went, ${file}:\n${topOf(join(results, file)).join('\n')}`)

const report = join(results, `${stamp}.json`)
const after = machineFacts()
const rows = measured.map((result) => ({ ...result, met: met(result) }))
writeFileSync(
  report,
  `${JSON.stringify({ machine: before, loadAfter: after.load, options, scale: run.scale, rows }, null, 2)}\n`,
)
console.log(
  `\nLoad average after the run: ${after.load.join(' ')}. All figures: ${relative(process.cwd(), report)}`,
)
process.exit(0)
