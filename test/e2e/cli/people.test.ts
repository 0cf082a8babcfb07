import assert from 'node:assert/strict'
import { readdir, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type {
  WireApplied,
  WireNewToken,
  WireProject,
  WireProjectList,
  WireTask,
  WireTokenList,
  WireUser,
  WireUserList,
  WireVerified,
  WireWhoami,
} from '../../../src/faces/console/wire.ts'
import { adminPassword, type Installation, install } from './run.ts'

describe('command line: who asks, people and work', () => {
  let site: Installation
  before(async () => {
    site = await install()
  })
  after(() => site.close())

  const as = (username: string, password: string) => ({
    env: { IMAGEPORT_USERNAME: username, IMAGEPORT_PASSWORD: password },
  })

  test('on the server’s own machine no password is needed; elsewhere it is', async () => {
    const who = await site.json<WireWhoami & { url: string }>('whoami')
    assert.deepEqual([who.username, who.superAdmin, who.project, who.url], ['admin', true, 'main', site.url])
    assert.equal((await stat(join(site.dataDir, 'local-token'))).mode & 0o777, 0o600)
    const other = { IMAGEPORT_DATA_DIR: join(site.folder, 'other') }
    const nobody = await site.run(['whoami'], { env: other })
    assert.equal(nobody.code, 1)
    assert.match(
      nobody.stderr,
      /^imageport: There are no credentials\. .*local-token.*\(set IMAGEPORT_TOKEN, or .*\)\n$/,
    )
    const named = await site.run(['whoami', '--json'], {
      env: { ...other, ...as('admin', adminPassword).env },
    })
    assert.equal(JSON.parse(named.stdout).username, 'admin')
    const away = await site.run(['whoami'], { env: { IMAGEPORT_URL: 'http://images.example.org' } })
    assert.match(away.stderr, /no credentials\. The server is on another machine/)
  })

  test('wrong credentials, no server, another server: one line each, with what to do', async () => {
    const wrong = await site.run(['image', 'list'], as('admin', 'guess'))
    assert.deepEqual(
      [wrong.code, wrong.stdout, wrong.stderr],
      [
        1,
        '',
        'imageport: The credentials are not valid (check IMAGEPORT_TOKEN, or IMAGEPORT_USERNAME and IMAGEPORT_PASSWORD)\n',
      ],
    )
    const half = await site.run(['image', 'list'], { env: { IMAGEPORT_USERNAME: 'admin' } })
    assert.deepEqual(
      [half.code, half.stderr],
      [2, 'imageport: IMAGEPORT_USERNAME is set, but IMAGEPORT_PASSWORD is not.\n'],
    )
    const down = await site.run(['image', 'list'], { env: { IMAGEPORT_PORT: '1' } })
    assert.deepEqual(
      [down.code, down.stderr],
      [
        1,
        'imageport: cannot reach http://127.0.0.1:1: nothing listens there (is the server running? set IMAGEPORT_URL if it is elsewhere)\n',
      ],
    )
    const stranger = createServer((_incoming, outgoing) =>
      outgoing.writeHead(302, { location: '/login' }).end('moved'),
    )
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`
    const lost = await site.run(['image', 'list'], { env: { IMAGEPORT_URL: url } })
    stranger.close()
    assert.equal(
      lost.stderr,
      `imageport: ${url} answers, but not as Imageport does (status 302, leading to /login) (check IMAGEPORT_URL)\n`,
    )
    const odd = await site.run(['image', 'list'], { env: { IMAGEPORT_URL: 'ftp://x' } })
    assert.equal(odd.code, 2)
  })

  test('misuse and bad settings end with 2, and help with 0', async () => {
    for (const args of [
      ['frobnicate'],
      ['image', 'list', '--colour'],
      ['image', 'show'],
      ['image', 'list', '--limit', 'x'],
      ['image'],
    ])
      assert.equal((await site.run(args)).code, 2, args.join(' '))
    const settings = await site.run(['image', 'list'], { env: { IMAGEPORT_WORKERS: 'many' } })
    assert.deepEqual([settings.code, settings.stdout], [2, ''])
    assert.match(settings.stderr, /^imageport: IMAGEPORT_WORKERS: .*\n$/)
    const help = await site.run(['image', '--help'])
    assert.deepEqual([help.code, help.stderr], [0, ''])
    assert.match(help.stdout, /upload.*create an image from a file/)
    assert.match((await site.run(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/)
  })

  test('a bootstrap file is sent; a bad one is refused with key and line, and nothing of it remains', async () => {
    await writeFile(join(site.folder, 'site.yaml'), 'projects: [{ name: acme }]\n')
    const { applied } = await site.json<WireApplied>('apply', 'site.yaml')
    assert.deepEqual(applied, [{ what: 'project acme', did: 'created' }])
    assert.equal((await site.run(['apply', 'site.yaml'])).stdout, 'nothing to change\n')
    await writeFile(
      join(site.folder, 'bad.yaml'),
      'projects:\n  - name: half\nusers:\n  - username: x\n    roles: [{ project: half, role: king }]\n',
    )
    const bad = await site.run(['apply', 'bad.yaml'])
    assert.deepEqual([bad.code, bad.stdout], [2, ''])
    assert.match(
      bad.stderr,
      /^imageport: bad\.yaml, line 5: users\[0\]\.roles\[0\]\.role: must be one of .*\n$/,
    )
    assert.equal((await site.run(['project', 'show', 'half'])).code, 1)
    const piped = await site.run(['apply', '-', '--json'], { input: '{ "projects": [{ "name": "piped" }] }' })
    assert.equal(JSON.parse(piped.stdout).applied.length, 1)
    assert.equal((await site.run(['apply', 'absent.yaml'])).code, 2)
  })

  test('users, projects and tokens are made and used', async () => {
    const project = await site.json<WireProject>(
      'project',
      'create',
      'lab',
      '--label',
      'The lab',
      '--quota-bytes',
      '1.5G',
    )
    assert.deepEqual([project.label, project.quotaBytes], ['The lab', 1.5 * 1024 ** 3])
    const lifted = await site.json<WireProject>(
      'project',
      'set',
      'lab',
      '--quota-bytes',
      'none',
      '--quota-images',
      '7',
    )
    assert.deepEqual([lifted.quotaBytes, lifted.quotaImages], [null, 7])
    const { projects } = await site.json<WireProjectList>('project', 'list')
    assert.ok(projects.some(({ name }) => name === 'lab'))

    const made = await site.json<WireUser & { password: string }>(
      'user',
      'create',
      'eva',
      '--grant',
      'lab:member',
    )
    assert.deepEqual(made.roles, [{ project: 'lab', role: 'member' }])
    const eva = as('eva', made.password)
    assert.equal((await site.run(['user', 'list'], eva)).code, 1)
    const changed = await site.run(
      [
        'user',
        'set',
        'eva',
        '--password-stdin',
        '--revoke',
        'lab:member',
        '--grant',
        'main:reader',
        '--json',
      ],
      {
        input: 'new one\n',
      },
    )
    assert.deepEqual(JSON.parse(changed.stdout).roles, [{ project: 'main', role: 'reader' }])
    assert.equal((await site.run(['whoami'], eva)).code, 1)
    assert.equal((await site.run(['whoami'], as('eva', 'new one'))).code, 0)

    const token = await site.json<WireNewToken>(
      'token',
      'create',
      '--user',
      'eva',
      '--label',
      'ci',
      '--life',
      '1h',
    )
    const withToken = { env: { IMAGEPORT_TOKEN: token.token } }
    assert.match((await site.run(['whoami'], withToken)).stdout, /user +eva\n/)
    const { tokens } = await site.json<WireTokenList>('token', 'list', '--user', 'eva')
    assert.deepEqual(
      tokens.map(({ id, label }) => [id, label]),
      [[token.id, 'ci']],
    )
    assert.equal((await site.run(['token', 'revoke', String(token.id), '--user', 'eva'])).code, 0)
    assert.equal((await site.run(['whoami'], withToken)).code, 1)

    await site.json('user', 'disable', 'eva')
    assert.match((await site.run(['whoami'], as('eva', 'new one'))).stderr, /the user is disabled/)
    const { users } = await site.json<WireUserList>('user', 'list')
    assert.deepEqual(
      users.map(({ username, enabled }) => [username, enabled]),
      [
        ['admin', true],
        ['eva', false],
      ],
    )
    assert.equal((await site.run(['user', 'set', 'eva'])).code, 2)
    assert.equal((await site.run(['user', 'set', 'eva', '--grant', 'lab'])).code, 2)
    assert.match((await site.run(['user', 'set', 'eva', '--grant', 'lab:king'])).stderr, /grant\.0\.role/)
  })

  test('stored bytes are verified, and damage is found', async () => {
    await writeFile(join(site.folder, 'disk.img'), 'the bytes of a disk')
    await site.json('image', 'upload', 'disk.img')
    const good = await site.json<WireVerified>('verify')
    assert.deepEqual(good, { checked: 1, problems: [] })
    const task = await site.json<WireTask>('verify', '--no-wait')
    assert.equal((await site.json<WireTask>('task', 'wait', task.id)).state, 'succeeded')

    const blobs = join(site.dataDir, 'blobs')
    const [blob] = (await readdir(blobs, { recursive: true })).filter((name) => name.includes('/'))
    await writeFile(join(blobs, blob!), 'the bytes of a dust')
    const bad = await site.run(['verify'])
    assert.equal(bad.code, 1)
    assert.match(bad.stderr, /^imageport: 1 damaged:\n {2}.*are not what was stored\n$/)
  })
})
