import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { systemActor } from '../src/catalogue/actor.ts'
import { type EveryFace, startEveryFace } from './support/every-face.ts'
import { type FileServer, fileServer } from './support/file-server.ts'

const content = randomBytes(50_000)

/** glance.md section 16: what another server keeps is an image like any other, as far as its bytes allow. */
describe('an image whose bytes another server keeps', () => {
  let world: EveryFace
  let files: FileServer
  let uuid: string
  let handle: string
  before(async () => {
    files = await fileServer()
    files.files.set('/disk', content)
    world = await startEveryFace('sqlite')
    const { catalogue } = world.server
    const draft = { name: 'elsewhere', ownerId: 2, diskFormat: 'raw', containerFormat: 'bare' }
    ;({ uuid, handle } = await catalogue.images.create(systemActor, draft))
    const location = { url: `${files.url}/disk`, metadata: {} }
    await catalogue.imageLocations.change(systemActor, uuid, [{ verb: 'add', location }])
  })
  after(async () => {
    await world?.close()
    await files.close()
  })

  /** Through OneCloudPlanet and IMGAPI; OpenStack's own wire is in its face's tests. */
  const paths = (): [path: string, headers: Record<string, string>][] => [
    [`/backend/api/openstack/images/${uuid}/download`, { authorization: 'OpenAPIToken t-eva' }],
    [`/images/${uuid}/file`, {}],
  ]

  test('is there in the words of every face, without digests', async () => {
    const { danube, cloud, glance, manifest, registration } = await world.seen(uuid, handle)
    assert.deepEqual([danube.status, cloud.status, glance.status], [1, 'active', 'active'])
    assert.deepEqual([manifest.state, manifest.files], ['active', undefined])
    assert.deepEqual([glance.checksum, glance.os_hash_value, glance.size], [null, null, content.length])
    assert.notEqual(registration, null)
  })

  test('is downloaded through the other faces, in parts, too', async () => {
    for (const [path, headers] of paths()) {
      const whole = await fetch(world.server.url + path, { headers })
      assert.equal(whole.status, 200)
      assert.equal(whole.headers.get('etag'), null)
      assert.ok(Buffer.from(await whole.arrayBuffer()).equals(content))
      const part = await fetch(world.server.url + path, { headers: { ...headers, range: 'bytes=100-199' } })
      assert.equal(part.status, 206)
      assert.ok(Buffer.from(await part.arrayBuffer()).equals(content.subarray(100, 200)))
    }
  })

  test('is given to no second image', async () => {
    const copy = {
      destination_name: 'copy',
      destination_region_id: 'ua-central-1',
      delete_source_image: false,
    }
    const refused = await world.cloudAsk('POST', `api/openstack/images/${uuid}/copy-image`, copy, 409)
    assert.match(await refused.text(), /kept by another server/)
  })

  test('is an error, and no empty success, while that server does not give it', async () => {
    files.files.delete('/disk')
    try {
      for (const [path, headers] of paths()) {
        const reply = await fetch(world.server.url + path, { headers })
        assert.ok([404, 503].includes(reply.status), `${path}: ${reply.status}`)
        assert.doesNotMatch(await reply.text(), /127\.0\.0\.1/)
      }
    } finally {
      files.files.set('/disk', content)
    }
  })
})
