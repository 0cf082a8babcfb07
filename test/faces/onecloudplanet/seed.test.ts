import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemActor } from '../../../src/catalogue/actor.ts'
import { parseInstant } from '../../../src/catalogue/time.ts'
import { onecloudplanet } from '../../../src/faces/onecloudplanet/index.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { seed } from './seed.ts'

/** The published example of the list: what was entered like it must come back like it. */
let server: TestServer
let token: string

before(async () => {
  const cleanup = { enabled: true, days: 14, formats: ['raw'] }
  server = await startServer({ faces: [onecloudplanet], settings: { cleanup } })
  await server.location('ua-central-1')
  await server.project(933016, '933016', { label: 'EN EN' })
  token = await server.token(await server.user({ username: 'en', roles: { 933016: 'owner' } }))
  const { images, bytes, instances } = server.catalogue
  const region = 'ua-central-1'
  for (const image of seed.objects) {
    const { os_distro, os_version } = image
    await images.create(systemActor, {
      uuid: image.id,
      name: image.name,
      ownerId: 933016,
      region,
      diskFormat: image.disk_format,
      containerFormat: image.container_format,
      minDisk: image.min_disk,
      properties: { ...(image.properties as Record<string, string>), os_distro, os_version },
      createdAt: parseInstant(image.created_at)!,
    })
    const source = (async function* () {
      yield Buffer.from(image.name.repeat(1000))
    })()
    await bytes.receive(systemActor, image.id, source, { fallback: 'killed' })
    if (image.related_instance !== null) {
      const { id, name } = image.related_instance
      await instances.register(systemActor, id, { hostname: name, projectId: 933016, region })
    }
  }
})
after(() => server.close())

test('the list is the published example: keys, order, types and values', async () => {
  const response = await fetch(`${server.url}/backend/api/openstack/images`, {
    headers: { authorization: `OpenAPIToken ${token}` },
  })
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'application/json')
  const text = await response.text()
  const body = JSON.parse(text)
  assert.equal(text, JSON.stringify(body), 'compact')

  // Bytes cannot be invented: the two facts that follow from receiving them are compared by type.
  for (const [index, image] of body.objects.entries()) {
    const example = seed.objects[index]!
    assert.equal(typeof image.size, typeof example.size)
    assert.match(image.updated_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    Object.assign(image, { size: example.size, updated_at: example.updated_at })
  }
  // As text, because the order of keys counts.
  assert.equal(JSON.stringify(body, null, 1), JSON.stringify(seed, null, 1))
})

test('the single image is the same object', async () => {
  const url = `${server.url}/backend/api/openstack/images`
  const headers = { authorization: `Token ${token}` }
  const { objects } = (await (await fetch(url, { headers })).json()) as { objects: { id: string }[] }
  for (const image of objects) {
    assert.deepEqual(await (await fetch(`${url}/${image.id}/`, { headers })).json(), image)
  }
})
