import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { pino } from 'pino'
import { type Assembled, assemble } from '../../src/assembly/serve.ts'
import { backup } from '../../src/backup/backup.ts'
import { restore } from '../../src/backup/restore.ts'
import { readSnapshot } from '../../src/backup/snapshot.ts'
import { systemActor } from '../../src/catalogue/actor.ts'
import { firstStart } from '../../src/catalogue/bootstrap/apply.ts'
import { loadSettings } from '../../src/settings.ts'

describe('a backup of several stores', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'imageport-backup-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  const settingsIn = (name: string) =>
    loadSettings(
      {
        IMAGEPORT_DATA_DIR: join(folder, name),
        IMAGEPORT_STORE_URL: 'fast=file:fast,bulk=file:bulk',
        IMAGEPORT_FREE_SPACE_FLOOR: '0',
      },
      { cwd: folder },
    )
  const open = (name: string): Promise<Assembled> => assemble(settingsIn(name), pino({ level: 'silent' }))

  test('bytes that two stores hold are saved and brought back twice, each under its key', async () => {
    await mkdir(join(folder, 'running'))
    const running = await open('running')
    await firstStart(running.core, systemActor, 'password')
    for (const store of ['fast', 'bulk'])
      await running.catalogue.bytes.receive(
        systemActor,
        { ownerId: 1, diskFormat: 'raw', containerFormat: 'bare' },
        (async function* () {
          yield Buffer.from('the same bytes')
        })(),
        { fallback: 'killed', store },
      )
    await running.close()
    const saved = await backup(settingsIn('running'), join(folder, 'saved'), '0', () => {})
    assert.deepEqual([saved.images, saved.blobs, saved.bytes, saved.missing], [2, 2, 28, []])

    const brought = await restore(settingsIn('fresh'), join(folder, 'saved'), false, () => {})
    assert.deepEqual([brought.blobs, brought.linked + brought.copied], [2, 2])
    const fresh = await open('fresh')
    const checked = await fresh.catalogue.verification.run({}, new AbortController().signal, () => {})
    assert.deepEqual(checked, { checked: 1, problems: [] })
    for (const { store } of fresh.core.stores.all) {
      let blobs = 0
      for await (const _blob of store.list()) blobs++
      assert.equal(blobs, 1, store.name)
    }
    await fresh.close()
  })

  test('a database from before the keys is read as well: there the id of a blob was its key', async () => {
    const path = join(folder, 'old.sqlite')
    await writeFile(path, '')
    const old = new DatabaseSync(path)
    old.exec(`create table blobs (id text, size integer); create table images (status text);
      create table blob_places (blob_id text, store text);
      insert into blobs values ('abc', 7); insert into blob_places values ('abc', 'default');
      insert into images values ('active'), ('deleted')`)
    old.close()
    assert.deepEqual(JSON.parse(JSON.stringify(readSnapshot(path))), {
      images: 1,
      places: [{ id: 'abc', store: 'default', size: 7 }],
    })
  })
})
