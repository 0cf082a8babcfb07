// What `npm test` runs: everything, or `fast`, or `lint`, or the given files and folders. Options for node --test
// (such as --test-name-pattern=…) are passed on.
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { delimiter, join, relative, resolve, sep } from 'node:path'
import { buildConsole } from './build-console.js'
import { fromRoot, packagedNode, prepare } from './install.js'
import { handOver } from './process.js'

const args = process.argv.slice(2)
const options = args.filter((arg) => arg.startsWith('-'))
const words = args.filter((arg) => !arg.startsWith('-'))
const only = words.length === 1 && (words[0] === 'fast' || words[0] === 'lint') ? words[0] : undefined
const files = testFiles(only || words.length === 0 ? [fromRoot('test')] : words.map((word) => resolve(word)))
const inE2e = (file) => file.startsWith(`test${sep}e2e${sep}`)
/** What takes long in proportion to what it may find is left out of the fast part. */
const isLong = (file) => file.endsWith('.long.test.ts')

prepare({ dev: true })
if (only !== 'fast' && only !== 'lint') buildConsole(packagedNode)

/** Fewer files share one process: starting another takes longer than they do. */
const filesWorthSharing = 20

const environment = testEnvironment()
const failedSteps = []
const totals = { passed: 0, failed: 0 }
const skipped = []
let interrupted = false

if (only === 'lint' || words.length === 0) {
  for (const project of ['.', 'web'])
    await step(`Types: tsc -p ${project}`, [fromRoot('node_modules/typescript/bin/tsc'), '-p', project])
  await step('Style: biome check .', [fromRoot('node_modules/@biomejs/biome/bin/biome'), 'check', '.'])
}
if (only === 'lint') {
  console.log(failedSteps.length > 0 ? `\nFailed: ${failedSteps.join('; ')}` : '\nTypes and style are clean')
} else {
  // The fast part is about what Imageport does; that PostgreSQL does it alike is seen when everything runs.
  if (only === 'fast') environment.IMAGEPORT_TEST_ENGINES ??= 'sqlite'
  const inProcess = ['--test-isolation=none', '--test-timeout=120000']
  const quick = (file) => !inE2e(file) && !(only === 'fast' && isLong(file))
  await tests('Tests', inProcess, quick, Math.min(4, availableParallelism() + 1))
  // Each file mostly waits, for processes of its own.
  if (only !== 'fast')
    await tests('End-to-end tests', ['--test-timeout=1200000', '--test-concurrency=2'], inE2e)
  closing()
}
process.exitCode = failedSteps.length > 0 ? 1 : 0

/** Test files below the given files and folders, relative to the checkout. */
function testFiles(places) {
  return places.flatMap((place) => {
    if (!existsSync(place)) {
      console.error(
        `There is no ${relative(process.cwd(), place)}; give "fast", "lint", test files or folders`,
      )
      process.exit(2)
    }
    const found = statSync(place).isDirectory()
      ? readdirSync(place, { recursive: true })
          .filter((name) => name.endsWith('.test.ts'))
          .sort()
      : ['']
    return found.map((name) => relative(fromRoot(''), join(place, name)))
  })
}

/** The packaged Node first in PATH, and none of the caller's own settings. */
function testEnvironment() {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('IMAGEPORT_') || name.startsWith('IMAGEPORT_TEST_'),
  )
  const env = Object.fromEntries(kept)
  // Set where this file itself is being tested; it would make the runner below refuse to run anything.
  delete env.NODE_TEST_CONTEXT
  env.PATH = [fromRoot('node_modules/.bin'), process.env.PATH].join(delimiter)
  // Many processes of the same code: each but the first finds it compiled.
  env.NODE_COMPILE_CACHE = fromRoot('node_modules/.cache/compiled')
  return env
}

/** One heading and one command under the packaged Node; a failure is noted. After Ctrl-C nothing more is begun. */
async function step(heading, command) {
  if (interrupted) return
  console.log(`\n== ${heading}`)
  await run(heading, command)
}

async function run(heading, command, options = {}) {
  const end = await handOver(packagedNode, command, { cwd: fromRoot(''), env: environment, ...options })
  const { code, signal } = end
  interrupted ||= signal === 'SIGINT' || signal === 'SIGTERM'
  if (code !== 0) failedSteps.push(`${heading} (${signal ? `ended by ${signal}` : `exit code ${code}`})`)
}

/** @param parts in how many processes at once, where there are enough files for them */
async function tests(heading, flags, choose, parts = 1) {
  const chosen = files.filter(choose)
  if (chosen.length === 0 || interrupted) return
  const folder = mkdtempSync(join(tmpdir(), 'imageport-tally-'))
  try {
    const title = `${heading}: ${chosen.length} ${chosen.length === 1 ? 'file' : 'files'}`
    console.log(`\n== ${title}`)
    const shares = chosen.length < filesWorthSharing ? [chosen] : shared(chosen, parts)
    await Promise.all(
      shares.map((share, n) => testShare(title, flags, share, join(folder, String(n)), n === 0)),
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** One process's share. The first one is watched, what the others say is shown when they have ended. */
async function testShare(title, flags, share, place, watched) {
  const [report, output] = [`${place}.json`, `${place}.txt`]
  const reporters = [
    ['spec', 'stdout'],
    [fromRoot('bin/tally.js'), report],
  ].flatMap(([reporter, to]) => [`--test-reporter=${reporter}`, `--test-reporter-destination=${to}`])
  const command = ['--test', ...flags, ...reporters, ...options, ...share]
  const said = watched ? null : openSync(output, 'a')
  await run(title, command, said === null ? {} : { stdio: ['ignore', said, said] })
  if (said !== null) {
    closeSync(said)
    process.stdout.write(readFileSync(output))
  }
  count(title, existsSync(report) ? readFileSync(report, 'utf8') : '')
}

/** So that the parts take about as long: the largest files first, each to the part that has least. */
function shared(chosen, parts) {
  const shares = Array.from({ length: parts }, () => ({ size: 0, files: [] }))
  const sized = chosen.map((file) => ({ file, size: statSync(fromRoot(file)).size }))
  for (const { file, size } of sized.sort((a, b) => b.size - a.size || (a.file < b.file ? -1 : 1))) {
    const least = shares.reduce((a, b) => (b.size < a.size ? b : a))
    least.size += size
    least.files.push(file)
  }
  return shares.map((share) => share.files.sort())
}

function count(title, report) {
  const { counts, skipped: left } = report === '' ? { counts: null, skipped: [] } : JSON.parse(report)
  skipped.push(...left)
  if (counts) {
    totals.passed += counts.passed
    totals.failed += counts.failed + counts.cancelled
  } else {
    failedSteps.push(`${title}: the test runner broke off before its summary, so its tests are not counted`)
  }
}

function closing() {
  if (skipped.length > 0) {
    console.log(`\n!! ${skipped.length} SKIPPED`)
    for (const { file, name, reason } of skipped) {
      console.log(`!!   ${file ? relative(fromRoot(''), file) : '?'}: ${name}: ${reason}`)
    }
    if (/^(1|true)$/i.test(process.env.CI ?? '') && process.env.IMAGEPORT_ALLOW_SKIPS !== '1') {
      failedSteps.push('skipped tests, which CI=true forbids unless IMAGEPORT_ALLOW_SKIPS=1')
    }
  }
  if (totals.passed + totals.failed === 0) failedSteps.push('no test ran')
  for (const failed of failedSteps) console.log(`\n!! FAILED: ${failed}`)
  console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${skipped.length} skipped`)
}
