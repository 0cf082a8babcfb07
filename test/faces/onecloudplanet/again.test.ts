import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { openDatabase } from '../../../src/database/open.ts'
import type { Database } from '../../../src/database/schema.ts'
import { onecloudplanet } from '../../../src/faces/onecloudplanet/index.ts'
import { startServer, type TestServer } from '../../support/server.ts'

/** Lists and images are answered from memory until anybody writes: then the very next answer is the new one. */
let server: TestServer
let directory: string
let headers: Record<string, string>
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imageport-again-'))
  server = await startServer({
    faces: [onecloudplanet],
    databaseUrl: `sqlite:${join(directory, 'x.sqlite')}`,
  })
  await server.project(2, 'acme')
  await server.location('here')
  const eva = await server.user({ username: 'eva', roles: { 2: 'owner' } })
  headers = { authorization: `Token ${await server.token(eva)}`, 'content-type': 'application/json' }
})
after(async () => {
  await server.close()
  await rm(directory, { recursive: true })
})

const actor = (projectId: number) => ({
  userId: null,
  username: 'test',
  superAdmin: true,
  projectId,
  roles: new Map(),
  face: 'system' as const,
  requestId: null,
})
const get = async (path = '') => {
  const answer = await fetch(`${server.url}/backend/api/openstack/images${path}`, { headers })
  type Body = { count: number; name: string; objects: { name: string }[] }
  return { status: answer.status, body: (await answer.json()) as Body }
}

test('a write through any road is in the next answer', async () => {
  assert.equal((await get()).body.count, 0)
  const image = await server.catalogue.images.create(actor(2), { name: 'one' })
  assert.equal((await get()).body.count, 1)
  assert.equal((await get(`/${image.uuid}`)).body.name, 'one')
  await server.catalogue.images.change(actor(2), image.uuid, () => ({ name: 'two' }))
  assert.equal((await get(`/${image.uuid}`)).body.name, 'two')
  assert.equal((await get()).body.objects[0]?.name, 'two')
})

test('a role that was taken away is gone with the next request', async () => {
  assert.equal((await get()).status, 200)
  const { db } = server.core.database
  const roles = await db.selectFrom('role_assignments').selectAll().execute()
  await db.deleteFrom('role_assignments').execute()
  assert.equal((await get()).status, 409)
  for (const role of roles) await db.insertInto('role_assignments').values(role).execute()
  assert.equal((await get()).status, 200)
})

test('a write of another process is seen within a fraction of a second', async () => {
  const other = await openDatabase<Database>(`sqlite:${join(directory, 'x.sqlite')}`)
  try {
    assert.equal((await get()).body.objects[0]?.name, 'two')
    await other.db.updateTable('images').set({ name: 'three' }).execute()
    let name = ''
    for (let i = 0; i < 50 && name !== 'three'; i++) {
      name = (await get()).body.objects[0]?.name ?? ''
      await pause(10)
    }
    assert.equal(name, 'three')
  } finally {
    await other.close()
  }
})
