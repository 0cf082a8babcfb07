import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { type Checkout, checkout, ending, fakeInstall, fakeUnpack, writeProgram } from './checkout.ts'

const head = "import { test } from 'node:test'\nconst mark = globalThis as { seen?: boolean }\n"
const passing = `${head}test('fine', () => {})`
const failing = `${head}test('broken', () => { throw new Error('no') })`
const skipping = `${head}test('left out', { skip: 'no swift here' }, () => {})`
/** Fails when another file ran in the same process before. */
const alone = `${head}test('alone', () => { if (mark.seen) throw new Error('shared'); mark.seen = true })`

describe('bin/test.js', () => {
  let place: Checkout
  beforeEach(() => {
    place = checkout()
    place.install()
  })
  afterEach(() => place.remove())

  async function run(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
    const { code, stdout, stderr } = await place.start(['bin/test.js', ...args], env).ended
    return { code, stdout, stderr, lastLine: stdout.trimEnd().split('\n').at(-1) }
  }

  const headings = (stdout: string) => [...stdout.matchAll(/^== (.*)$/gm)].map(([, heading]) => heading)

  test('runs types, style, tests and end-to-end tests, in this order', async () => {
    place.write('test/a.test.ts', passing)
    place.write('test/deep/b.test.ts', passing)
    place.write('test/deep/helper.ts', 'throw new Error("no test")')
    place.write('test/e2e/c.test.ts', passing)
    const { code, stdout, lastLine } = await run()
    assert.deepEqual(headings(stdout), [
      'Types: tsc -p .',
      'Types: tsc -p web',
      'Style: biome check .',
      'Tests: 2 files',
      'End-to-end tests: 1 file',
    ])
    assert.match(stdout, /types checked[\s\S]*style checked/)
    assert.equal(lastLine, '3 passed, 0 failed, 0 skipped')
    assert.equal(code, 0)
  })

  test('a failed test is counted, and ends with an error', async () => {
    place.write('test/a.test.ts', passing)
    place.write('test/b.test.ts', failing)
    place.write('test/e2e/c.test.ts', failing)
    const { code, lastLine } = await run()
    assert.equal(lastLine, '1 passed, 2 failed, 0 skipped')
    assert.equal(code, 1)
  })

  test('end-to-end tests have a process for each file, the others share one', async () => {
    for (const name of ['a', 'b']) place.write(`test/e2e/${name}.test.ts`, alone)
    assert.equal((await run()).lastLine, '2 passed, 0 failed, 0 skipped')
    for (const name of ['a', 'b']) place.write(`test/${name}.test.ts`, alone)
    assert.equal((await run(['fast'])).lastLine, '1 passed, 1 failed, 0 skipped')
  })

  test('many files are shared among processes, all are counted, and what each says is shown', async () => {
    const says = `${head}test('says', () => { console.log('process', process.pid) })`
    for (let n = 10; n < 35; n++) place.write(`test/${n}.test.ts`, n % 5 === 0 ? failing : says)
    const { stdout, code, lastLine } = await run(['fast'])
    assert.deepEqual(headings(stdout), ['Tests: 25 files'])
    assert.equal(lastLine, '20 passed, 5 failed, 0 skipped')
    assert.equal(code, 1)
    const processes = [...stdout.matchAll(/^process (\d+)$/gm)].map(([, pid]) => pid)
    assert.equal(processes.length, 20)
    assert.ok(new Set(processes).size > 1, 'one process ran them all')
  })

  test('skipped tests are listed with their reason, and are an error in CI', async () => {
    place.write('test/a.test.ts', passing)
    place.write('test/b.test.ts', skipping)
    const suite =
      "describe('store', () => { test('late', (t) => t.skip('too old')); test('mute', { skip: true }, () => {}) })"
    const whole = "describe('whole', { skip: 'not as root' }, () => { test('inside', () => {}) })"
    place.write('test/e2e/c.test.ts', `import { describe, test } from 'node:test'\n${suite}\n${whole}`)
    const here = await run()
    const listed = here.stdout.slice(here.stdout.indexOf('!! '))
    assert.ok(
      listed.startsWith(
        [
          '!! 4 SKIPPED',
          '!!   test/b.test.ts: left out: no swift here',
          '!!   test/e2e/c.test.ts: store > late: too old',
          '!!   test/e2e/c.test.ts: store > mute: no reason given',
          '!!   test/e2e/c.test.ts: whole: not as root',
        ].join('\n'),
      ),
      listed,
    )
    assert.equal(here.lastLine, '1 passed, 0 failed, 4 skipped')
    assert.equal(here.code, 0)

    const inCi = await run([], { CI: 'true' })
    assert.equal(inCi.lastLine, '1 passed, 0 failed, 4 skipped')
    assert.match(
      inCi.stdout,
      /!! FAILED: skipped tests, which CI=true forbids unless IMAGEPORT_ALLOW_SKIPS=1/,
    )
    assert.equal(inCi.code, 1)
    assert.equal((await run([], { CI: 'true', IMAGEPORT_ALLOW_SKIPS: '1' })).code, 0)
  })

  test('wrong types or style fail the run, and the tests are still run', async () => {
    place.write('test/a.test.ts', passing)
    place.write('node_modules/typescript/bin/tsc', 'process.exitCode = 2')
    const { code, stdout, lastLine } = await run()
    assert.match(stdout, /!! FAILED: Types: tsc -p \. \(exit code 2\)/)
    assert.equal(lastLine, '1 passed, 0 failed, 0 skipped')
    assert.equal(code, 1)
    assert.equal((await run(['fast'])).code, 0)
  })

  test('a run without tests is a failure', async () => {
    place.write('test/support/x.ts', '')
    const { code, stdout, lastLine } = await run()
    assert.match(stdout, /!! FAILED: no test ran/)
    assert.equal(lastLine, '0 passed, 0 failed, 0 skipped')
    assert.equal(code, 1)
    place.write('test/a.test.ts', skipping)
    assert.equal((await run()).code, 1)
  })

  test('a runner that breaks off is a failure, whatever its exit code says', async () => {
    place.write('test/a.test.ts', `${passing}\ntest('gone', () => { process.exit(0) })`)
    const { code, stdout } = await run(['fast'])
    assert.match(stdout, /!! FAILED: /)
    assert.equal(code, 1)
  })

  test('fast, lint, files, folders and options choose what is run', async () => {
    place.write('test/a.test.ts', `${passing}\ntest('other', () => {})`)
    place.write('test/deep/b.test.ts', failing)
    place.write('test/e2e/c.test.ts', passing)
    const lint = await run(['lint'])
    assert.deepEqual(headings(lint.stdout), ['Types: tsc -p .', 'Types: tsc -p web', 'Style: biome check .'])
    assert.equal(lint.lastLine, 'Types and style are clean')
    assert.equal(lint.code, 0)
    assert.deepEqual(headings((await run(['fast'])).stdout), ['Tests: 2 files'])
    const files = await run(['test/a.test.ts', 'test/e2e/c.test.ts'])
    assert.deepEqual(headings(files.stdout), ['Tests: 1 file', 'End-to-end tests: 1 file'])
    assert.equal(files.lastLine, '3 passed, 0 failed, 0 skipped')
    assert.equal((await run(['test/deep'])).lastLine, '0 passed, 1 failed, 0 skipped')
    assert.equal(
      (await run(['test/a.test.ts', '--test-name-pattern=other'])).lastLine,
      '1 passed, 0 failed, 0 skipped',
    )
  })

  test('a file that does not exist is told before anything is run', async () => {
    const { code, stdout, stderr } = await run(['test/nope.test.ts'])
    assert.equal(code, 2)
    assert.equal(stdout, '')
    assert.match(stderr, /^There is no test\/nope\.test\.ts; /)
  })

  test('tests see none of the settings of whoever starts them, and may start runs of their own', async () => {
    const body =
      "test('env', () => { if (process.env.IMAGEPORT_PORT || !process.env.IMAGEPORT_TEST_X) throw new Error() })"
    place.write('test/a.test.ts', `${head}${body}`)
    const env = { IMAGEPORT_PORT: '1', IMAGEPORT_TEST_X: '1', NODE_TEST_CONTEXT: 'child-v8' }
    assert.equal((await run(['fast'], env)).lastLine, '1 passed, 0 failed, 0 skipped')
  })

  test('what only tests need is installed', async () => {
    place.write('test/a.test.ts', passing)
    const hidden = readFileSync(join(place.path, 'node_modules/.package-lock.json'), 'utf8')
    place.write('npm-ci.cjs', fakeInstall(JSON.parse(hidden).packages) + fakeUnpack)
    place.write(
      'node_modules/.package-lock.json',
      hidden.replace('node_modules/typescript', 'node_modules/x'),
    )
    const { code, stderr } = await run(['fast'])
    assert.match(stderr, /installing the packages/)
    assert.equal(readFileSync(join(place.path, 'npm.log'), 'utf8'), 'ci --include=dev\n')
    assert.equal(code, 0)
  })

  test('.ci/run is npm test in the checkout, from wherever and without input', async () => {
    writeProgram(place, 'fake/npm', '#!/bin/sh\necho "$PWD $*"\ncat\nexit 3\n')
    const child = spawn(join(place.path, '.ci/run'), {
      cwd: '/',
      env: { PATH: [join(place.path, 'fake'), process.env.PATH].join(delimiter) },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const { code, stdout } = await ending(child)
    assert.equal(stdout, `${place.path} test\n`)
    assert.equal(code, 3)
  })
})
