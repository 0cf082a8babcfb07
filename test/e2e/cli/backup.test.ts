import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { access, cp, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { BackupResult } from '../../../src/backup/backup.ts'
import type { RestoreResult } from '../../../src/backup/restore.ts'
import type { WireImage, WireImageList } from '../../../src/faces/console/wire.ts'
import { adminPassword, type Installation, install } from './run.ts'

describe('command line: backup, restore, migrate', () => {
  let site: Installation
  before(async () => {
    site = await install()
  })
  after(() => site.close())

  const at = (...names: string[]) => join(site.folder, ...names)
  const blobsIn = async (folder: string) =>
    (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length

  test('a running installation is saved, brought back elsewhere, and goes on there', async () => {
    const bytes = randomBytes(3_000_000)
    await writeFile(at('disk.img'), bytes)
    await writeFile(at('other.img'), 'other bytes')
    const disk = await site.json<WireImage>('image', 'upload', 'disk.img')
    await site.json('image', 'upload', 'other.img')
    await site.json('user', 'create', 'eva', '--grant', 'main:member')

    // An upload that is half way through while the backup is made.
    const queued = await beginUpload('unfinished')
    queued.write(bytes.subarray(0, 1_000_000))
    await until(
      async () => (await site.json<WireImageList>('image', 'list', '--status', 'saving')).total === 1,
    )
    const first = await site.json<BackupResult>('backup', 'saved')
    queued.end(bytes.subarray(1_000_000, 2_000_000))
    await once(queued, 'response')
    assert.deepEqual(
      [first.images, first.blobs, first.bytes, first.linked + first.copied, first.missing],
      [3, 2, bytes.length + 11, 2, []],
    )
    assert.equal((await stat(at('saved', 'secret.key'))).mode & 0o777, 0o600)
    assert.deepEqual((await readdir(at('saved'))).sort(), [
      'backup.json',
      'blobs',
      'imageport.sqlite',
      'secret.key',
    ])

    // Once more into the same directory: what is there is kept, what went is dropped, what came is added.
    await site.json('image', 'delete', 'other')
    const second = await site.json<BackupResult>('backup', 'saved')
    assert.deepEqual(
      [second.images, second.blobs, second.linked + second.copied, second.reused, second.dropped],
      [2, 2, 1, 1, 1],
    )
    assert.equal(await blobsIn(at('saved', 'blobs')), 2)
    const told = await site.run(['backup', 'saved'])
    assert.match(
      told.stdout,
      /^2 images, 2 blobs, 4\.8 MiB in .*\nblobs: 0 linked, 0 copied, 2 there already, 0 dropped\n$/,
    )
    assert.match(told.stderr, /secret\.key/)

    const running = await site.run(['restore', 'saved', '--force'])
    assert.equal(running.code, 1)
    assert.match(running.stderr, /is using the data directory .* \(stop the server first\)\n$/)

    const fresh = at('fresh')
    const restored = await site.run(['restore', 'saved', '--json'], { env: { IMAGEPORT_DATA_DIR: fresh } })
    assert.equal(restored.code, 0, restored.stderr)
    const result = JSON.parse(restored.stdout) as RestoreResult
    assert.deepEqual([result.blobs, result.movedAside], [2, []])
    await site.restart(fresh)
    const { images } = await site.json<WireImageList>('image', 'list', '--sort', 'name')
    assert.deepEqual(
      images.map(({ name, status }) => [name, status]),
      [
        ['disk', 'active'],
        ['unfinished', 'active'],
      ],
    )
    assert.equal((await site.run(['image', 'download', disk.uuid, 'back.img'])).code, 0)
    assert.ok((await readFile(at('back.img'))).equals(bytes))
    const login = { IMAGEPORT_USERNAME: 'admin', IMAGEPORT_PASSWORD: adminPassword }
    assert.equal((await site.run(['whoami'], { env: login })).code, 0)
    assert.deepEqual(await site.json('verify'), { checked: 2, problems: [] })
  })

  test('an upload that was half way in the backup may be tried again after the restore', async () => {
    const queued = await beginUpload('halfway')
    queued.on('error', () => {})
    queued.write(randomBytes(100_000))
    await until(
      async () => (await site.json<WireImageList>('image', 'list', '--status', 'saving')).total === 1,
    )
    await site.json('backup', 'halfway')
    queued.destroy()
    await site.stop()
    const restored = await site.run(['restore', 'halfway'], { env: { IMAGEPORT_DATA_DIR: at('again') } })
    assert.equal(restored.code, 0, restored.stderr)
    await site.restart(at('again'))
    assert.equal((await site.json<WireImage>('image', 'show', 'halfway')).status, 'queued')
  })

  test('nothing is written over: neither strange files nor an installation', async () => {
    await mkdir(at('strange'))
    await writeFile(at('strange', 'letter.txt'), 'dear')
    const refused = await site.run(['backup', 'strange'])
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /is not empty, and holds no earlier backup/)
    assert.deepEqual(await readdir(at('strange')), ['letter.txt'])

    await site.stop()
    const occupied = await site.run(['restore', 'saved'])
    assert.equal(occupied.code, 1)
    assert.match(occupied.stderr, /There is an installation already: .*imageport\.sqlite/)
    const forced = await site.run(['restore', 'saved', '--force', '--json'])
    const { movedAside } = JSON.parse(forced.stdout) as RestoreResult
    assert.ok(movedAside.length >= 2)
    for (const path of movedAside) await access(path)
    await site.restart()
    assert.equal((await site.json<WireImageList>('image', 'list')).total, 2)
  })

  test('a damaged or unfinished backup is refused before anything is written', async () => {
    const target = { env: { IMAGEPORT_DATA_DIR: at('never') } }
    const damaged = async (name: string, harm: (folder: string) => Promise<void>) => {
      await cp(at('saved'), at(name), { recursive: true })
      await harm(at(name))
      const { code, stderr } = await site.run(['restore', name], target)
      assert.ok(code === 1 || code === 2)
      assert.ok(!stderr.includes('unexpected'), stderr)
      return stderr
    }
    const aBlob = async (folder: string) => {
      const all = await readdir(join(folder, 'blobs'), { recursive: true, withFileTypes: true })
      const [first] = all.filter((entry) => entry.isFile())
      return join(first!.parentPath, first!.name)
    }
    assert.match(
      await damaged('cut', async (folder) => truncate(await aBlob(folder), 5)),
      /5 instead of \d+ bytes/,
    )
    assert.match(await damaged('hole', async (folder) => rm(await aBlob(folder))), /in default: missing/)
    assert.match(
      await damaged('broken', (folder) => writeFile(join(folder, 'imageport.sqlite'), 'no database')),
      /cannot be read/,
    )
    assert.match(await damaged('young', (folder) => rm(join(folder, 'backup.json'))), /is no backup/)
    assert.match(
      await damaged('keyless', (folder) => rm(join(folder, 'secret.key'))),
      /secret\.key cannot be read/,
    )
    await assert.rejects(access(at('never', 'imageport.sqlite')))
  })

  test('other databases and stores are told what to use instead', async () => {
    const postgres = await site.run(['backup', 'x'], {
      env: { IMAGEPORT_DATABASE_URL: 'postgres://u:p@127.0.0.1:1/d' },
    })
    assert.equal(postgres.code, 2)
    assert.match(postgres.stderr, /pg_dump/)
    const store = await site.run(['restore', 'saved'], { env: { IMAGEPORT_STORE_URL: 's3://bucket' } })
    assert.equal(store.code, 2)
    assert.match(store.stderr, /replication/)
    await assert.rejects(access(at('x')))
  })

  test('a database is brought up to date without a server, and told what was done', async () => {
    const env = { IMAGEPORT_DATA_DIR: at('migrated') }
    const first = JSON.parse((await site.run(['migrate', '--json'], { env })).stdout) as {
      migrations: string[]
    }
    assert.ok(first.migrations.length > 0)
    assert.equal((await site.run(['migrate'], { env })).stdout, 'the database is up to date\n')
    const busy = await site.run(['migrate'])
    assert.equal(busy.code, 1)
    assert.match(busy.stderr, /stop the server first/)
  })

  async function beginUpload(name: string) {
    const secret = (await readFile(join(site.dataDir, 'local-token'), 'utf8')).trim()
    const authorization = `Bearer ${secret}`
    const made = await fetch(`${site.url}/ui/api/v1/images`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ name, diskFormat: 'raw', containerFormat: 'bare' }),
    })
    const { uuid } = (await made.json()) as WireImage
    return request(`${site.url}/ui/api/v1/images/${uuid}/file`, {
      method: 'PUT',
      headers: { authorization, 'content-type': 'application/octet-stream' },
    })
  }
})

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 100; i++) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  assert.fail('it did not come to pass')
}
