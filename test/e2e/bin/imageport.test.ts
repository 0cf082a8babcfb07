import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { type Checkout, checkout, fakeInstall, fakeUnpack } from './checkout.ts'

const launcher = ['bin/imageport.js']
const report = `
  const { argv, pid, ppid, execPath } = process
  console.log(JSON.stringify({ argv: argv.slice(1), pid, ppid, execPath }))
`

describe('bin/imageport.js', () => {
  let place: Checkout
  beforeEach(() => {
    place = checkout()
    place.write('src/main.ts', `const code: number = 7\n${report}\nprocess.exitCode = code`)
  })
  afterEach(() => place.remove())

  const npmCalls = () =>
    existsSync(join(place.path, 'npm.log'))
      ? readFileSync(join(place.path, 'npm.log'), 'utf8').trim().split('\n')
      : []

  test('an installed checkout starts in the same process, without a word', async () => {
    place.install()
    const { child, ended } = place.start([...launcher, 'image', 'show', '--x', 'a b'])
    const { code, stdout, stderr } = await ended
    const seen = JSON.parse(stdout)
    assert.deepEqual(seen.argv, [join(place.path, 'src/main.ts'), 'image', 'show', '--x', 'a b'])
    assert.equal(seen.pid, child.pid)
    assert.equal(code, 7)
    assert.equal(stderr, '')
    assert.deepEqual(npmCalls(), [])
  })

  test('a fresh checkout is installed first, and the program keeps stdout for itself', async () => {
    place.write('npm-ci.cjs', fakeInstall() + fakeUnpack)
    const { child, ended } = place.start([...launcher, 'serve', '--apply', 'f.yaml'])
    const { code, stdout, stderr } = await ended
    assert.deepEqual(npmCalls(), ['ci'])
    assert.match(stderr, /^imageport: installing the packages of package-lock\.json with npm ci/)
    assert.match(stderr, /npm talks/)
    assert.match(
      stderr,
      /imageport: packages installed in \d+ s\n[\s\S]*imageport: web console built in \d+ s\n$/,
    )
    const seen = JSON.parse(stdout)
    assert.deepEqual(seen.argv, [join(place.path, 'src/main.ts'), 'serve', '--apply', 'f.yaml'])
    assert.equal(seen.ppid, child.pid)
    assert.equal(code, 7)

    const second = await place.start(launcher).ended
    assert.equal(second.stderr, '')
    assert.deepEqual(npmCalls(), ['ci'])
  })

  test('another version in the lock file, or an installation that broke off, is installed again', async () => {
    place.install()
    place.write(
      'node_modules/.package-lock.json',
      '{ "packages": { "node_modules/node": { "version": "26.9.0" } } }',
    )
    place.write('npm-ci.cjs', fakeInstall() + fakeUnpack)
    assert.equal((await place.start(launcher).ended).code, 7)
    assert.deepEqual(npmCalls(), ['ci'])
  })

  test('packages that only tests need may be missing', async () => {
    place.install()
    const { packages } = JSON.parse(readFileSync(join(place.path, 'package-lock.json'), 'utf8'))
    const production = { 'node_modules/node': packages['node_modules/node'] }
    place.write('node_modules/.package-lock.json', JSON.stringify({ packages: production }))
    assert.equal((await place.start(launcher).ended).code, 7)
    assert.deepEqual(npmCalls(), [])
  })

  test('a lock file without the optional packages of other platforms is installed all the same', async () => {
    const complaint = 'npm error code EUSAGE\nnpm error Missing: @x/android@1 from lock file\n'
    place.write('npm-ci.cjs', `process.stderr.write(${JSON.stringify(complaint)}); process.exitCode = 1`)
    place.write('npm-install.cjs', fakeInstall() + fakeUnpack)
    const { code, stderr } = await place.start(launcher).ended
    assert.equal(code, 7)
    assert.deepEqual(npmCalls(), ['ci', 'install --no-save'])
    assert.match(stderr, /installing with npm install --no-save instead/)
    assert.doesNotMatch(stderr, /EUSAGE/)
  })

  test('a lock file that contradicts package.json is not installed in another way', async () => {
    const complaint =
      "npm error code EUSAGE\nnpm error Missing: b@1 from lock file\nnpm error Invalid: lock file's a@1\n"
    place.write('npm-ci.cjs', `process.stderr.write(${JSON.stringify(complaint)}); process.exitCode = 1`)
    const { code, stdout, stderr } = await place.start(launcher).ended
    assert.equal(code, 1)
    assert.equal(stdout, '')
    assert.deepEqual(npmCalls(), ['ci'])
    assert.match(stderr, /Invalid: lock file's a@1/)
  })

  test('a failed installation is told with what npm said, and nothing is started', async () => {
    place.write('npm-ci.cjs', "process.stderr.write('npm error code ENOTFOUND\\n'); process.exitCode = 1")
    const { code, stdout, stderr } = await place.start(launcher).ended
    assert.equal(code, 1)
    assert.equal(stdout, '')
    assert.match(
      stderr,
      /npm error code ENOTFOUND\n(.*\n)*imageport: npm ci failed \(exit code 1\); see its messages above\n$/,
    )
  })

  test('where npm ran no install scripts, they are run', async () => {
    place.write('npm-ci.cjs', fakeInstall())
    place.write('npm-rebuild.cjs', fakeUnpack)
    const { code, stderr } = await place.start(launcher).ended
    assert.equal(code, 7)
    assert.deepEqual(npmCalls(), ['ci', 'rebuild --ignore-scripts=false node'])
    assert.match(stderr, /npm has not run the install scripts yet; running npm rebuild node\n/)
  })

  test('a Node that cannot be had is told', async () => {
    place.write('npm-ci.cjs', fakeInstall())
    place.write('npm-rebuild.cjs', '')
    const { code, stderr } = await place.start(launcher).ended
    assert.equal(code, 1)
    assert.match(
      stderr,
      /did not bring node_modules\/node\/bin\/node, .* is there a package of it for \w+ \w+\?\n$/,
    )
  })

  test('a checkout without its lock file is told', async () => {
    place.write('package-lock.json', '{}')
    const { code, stderr } = await place.start(launcher).ended
    assert.equal(code, 1)
    assert.match(stderr, /package-lock\.json is missing/)
  })

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    test(`${signal} reaches the program, whose exit code counts`, async () => {
      place.write('npm-ci.cjs', fakeInstall() + fakeUnpack)
      place.write(
        'src/main.ts',
        `const stay = setInterval(() => {}, 1000)
        process.on('${signal}', () => { clearInterval(stay); process.exitCode = 5 })
        console.log('ready')`,
      )
      const { child, ended } = place.start(launcher)
      await Promise.race([once(child.stdout!, 'data'), ended.then(({ stderr }) => assert.fail(stderr))])
      child.kill(signal)
      const { code, signal: endedBy } = await ended
      assert.deepEqual({ code, endedBy }, { code: 5, endedBy: null })
    })
  }

  test('a program that is killed ends the launcher in the same way', async () => {
    place.write('npm-ci.cjs', fakeInstall() + fakeUnpack)
    place.write('src/main.ts', "process.kill(process.pid, 'SIGKILL')")
    const { code, signal } = await place.start(launcher).ended
    assert.deepEqual({ code, signal }, { code: null, signal: 'SIGKILL' })
  })
})
