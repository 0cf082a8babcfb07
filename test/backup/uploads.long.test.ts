import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pino } from 'pino'
import { assemble } from '../../src/assembly/serve.ts'
import { backup } from '../../src/backup/backup.ts'
import { restore } from '../../src/backup/restore.ts'
import { systemActor } from '../../src/catalogue/actor.ts'
import { firstStart } from '../../src/catalogue/bootstrap/apply.ts'
import { loadSettings } from '../../src/settings.ts'

describe('a backup while an image is uploaded', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'imageport-backup-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  const settingsIn = (name: string) =>
    loadSettings({ IMAGEPORT_DATA_DIR: join(folder, name), IMAGEPORT_FREE_SPACE_FLOOR: '0' }, { cwd: folder })
  const open = (name: string) => assemble(settingsIn(name), pino({ level: 'silent' }))

  test('holds nothing of it, so that nobody counts on bytes that were not saved', async () => {
    await mkdir(join(folder, 'running'))
    const running = await open('running')
    await firstStart(running.core, systemActor, 'password')
    const { uploads } = running.catalogue
    const target = { draft: { ownerId: 1 } }
    const { id } = await uploads.begin(systemActor, { target, length: 10, metadata: '' })
    async function* bytes() {
      yield Buffer.from('12345')
    }
    await uploads.append(systemActor, id, bytes(), { offset: 0, announced: 5 })
    const saved = await backup(settingsIn('running'), join(folder, 'saved'), '0', () => {})
    assert.deepEqual([saved.blobs, saved.missing], [0, []])
    assert.equal((await uploads.view(systemActor, id)).received, 5)
    await running.close()

    await restore(settingsIn('fresh'), join(folder, 'saved'), false, () => {})
    const fresh = await open('fresh')
    assert.deepEqual(await fresh.catalogue.uploads.list(systemActor, { offset: 0, limit: 10 }), [])
    await fresh.close()
  })
})
