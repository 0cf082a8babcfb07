import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { systemActor } from '../src/catalogue/actor.ts'
import { withoutSecrets, withoutSecretsIn } from '../src/catalogue/images/without-secrets.ts'
import { type EveryFace, foremanHeaders, ok, startEveryFace } from './support/every-face.ts'
import { type FileServer, fileServer } from './support/file-server.ts'

/** What a signed URL is worth to whoever reads it. */
const secret = 'geheim'
const bytes = 'bytes of an image'

/** An address gives access to what is there, so whoever sees an image or a log is not told all of it. */
describe('addresses that somebody gave', () => {
  let world: EveryFace
  let files: FileServer
  before(async () => {
    files = await fileServer()
    files.files.set('/disk', Buffer.from(bytes))
    world = await startEveryFace('sqlite')
  })
  after(async () => {
    await world?.close()
    await files.close()
  })

  const signed = (path: string) => `${files.url}${path}?signature=${secret}`
  async function offered(): Promise<string> {
    const uuid = randomUUID()
    const sha1 = createHash('sha1').update(bytes).digest('hex')
    const manifest = {
      v: 2,
      uuid,
      owner: '00000000-0000-0000-0000-000000000000',
      name: 'remote',
      version: '1',
      state: 'active',
      public: true,
      type: 'other',
      os: 'linux',
      files: [{ sha1, size: bytes.length, compression: 'none' }],
    }
    files.files.set(`/images/${uuid}`, Buffer.from(JSON.stringify(manifest)))
    files.files.set(`/images/${uuid}/file`, Buffer.from(bytes))
    return uuid
  }
  async function active(uuid: string): Promise<void> {
    for (let i = 0; i < 400; i++) {
      const { status } = await world.server.catalogue.images.view(systemActor, uuid)
      if (status === 'active') return
      await pause(25)
    }
    assert.fail('the import has not come to an end')
  }

  /** Everything that tells of work on an image, to administrators and to those who only see it. */
  async function told(uuid: string): Promise<string> {
    const { danube, json, glance, signature } = world
    const answers = await Promise.all([
      danube('get', '/task/log', { page: 1 }),
      danube('get', '/task/log'),
      json(`/backend/staffapi/openstack/images/${uuid}`, { authorization: 'OpenAPIToken t-root' }),
      json(`/images/${uuid}`, signature()),
      json(`/images/${uuid}/jobs`, signature()),
      json('/api/compute_resources/1/images?per_page=all', foremanHeaders),
      glance('GET', `/images/${uuid}`, 200, { as: 'root' }),
      glance('GET', `/images/${uuid}/tasks`, 200, { as: 'omar' }),
    ])
    const { db } = world.server.core.database
    const kept = await Promise.all([
      db.selectFrom('audit').selectAll().execute(),
      db.selectFrom('task_log').selectAll().execute(),
    ])
    return JSON.stringify([answers, kept])
  }

  /** Face → begins an import of an image that everybody may see. */
  const imports: Readonly<Record<string, () => Promise<string>>> = {
    async danube() {
      const uuid = await offered()
      await ok(
        world.danube('create', `/image/from-danube`, {
          manifest_url: signed(`/images/${uuid}`),
          file_url: signed(`/images/${uuid}/file`),
          cb_url: `http://eva:${secret}@127.0.0.1:1/told?token=${secret}`,
          dc: 'acme',
          access: 1,
        }),
      )
      for (let i = 0; i < 400 && !(await told(uuid)).includes('Send callback'); i++) await pause(25)
      return uuid
    },
    async cloud() {
      const uuid = await world.cloud.importUrl('from the cloud', 'raw', signed('/disk'))
      await active(uuid)
      await world.change(uuid, { name: 'from the cloud', visibility: 'public' })
      return uuid
    },
    async glance() {
      const facts = {
        name: 'from Glance',
        disk_format: 'raw',
        container_format: 'bare',
        visibility: 'public',
      }
      const { id } = await world.glance('POST', '/images', 201, { as: 'root', json: facts })
      await world.glance('POST', `/images/${id}/import`, 202, {
        as: 'root',
        json: { method: { name: 'web-download', uri: signed('/disk') } },
      })
      return id
    },
    async imgapi() {
      const uuid = await offered()
      // It is asked for what comes behind its address, whatever that is.
      files.files.set('/', ({ url }, response) => {
        const found = files.files.get(`/${url!.split('/').slice(2).join('/')}`)
        response.end(found)
      })
      const source = encodeURIComponent(signed('/'))
      const response = await fetch(
        `${world.server.url}/images/${uuid}?action=import-remote&source=${source}`,
        { method: 'POST', headers: world.signature() },
      )
      assert.equal(response.status, 200, await response.text())
      return uuid
    },
  }
  for (const [face, begin] of Object.entries(imports))
    test(`are told without what gives access, of an import through ${face}`, async () => {
      const uuid = await begin()
      await active(uuid)
      const all = await told(uuid)
      for (const what of [files.url, 'Send callback']) assert.ok(all.includes(what), what)
      assert.ok(!all.includes(secret), all.slice(Math.max(0, all.indexOf(secret) - 300)).slice(0, 400))
    })

  test('whoever may change the image reads his own request, as OpenStack has it', async () => {
    const facts = { name: 'own', disk_format: 'raw', container_format: 'bare' }
    const { id } = await world.glance('POST', '/images', 201, { json: facts })
    const method = { name: 'web-download', uri: signed('/disk') }
    await world.glance('POST', `/images/${id}/import`, 202, { json: { method } })
    const { tasks } = await world.glance('GET', `/images/${id}/tasks`, 200)
    assert.deepEqual(tasks[0].input.import_req, { method })
  })

  test('are told without it where they lead to nothing', async () => {
    const { body } = await world.danube('create', '/image/nothing', {
      manifest_url: signed('/nothing'),
      dc: 'acme',
    })
    assert.deepEqual(body.result.manifest_url, [
      `Image manifest URL is unreachable (404 Client Error: Not Found for url: ${files.url}/nothing).`,
    ])
  })

  test('are in the settings as they were given, and without it in the logs', async () => {
    const url = `${files.url}/shop?token=${secret}`
    await ok(world.danube('set', '/dc/main/settings', { VMS_IMAGE_REPOSITORIES: { shop: url } }))
    await world.danube('create', '/imagestore/shop')
    await world.danube('set', '/imagestore/shop')
    const computeResource = {
      name: 'elsewhere',
      provider: 'Libvirt',
      url: `qemu+ssh://root:${secret}@node.example.org/system?keyfile=${secret}`,
    }
    const response = await fetch(`${world.server.url}/api/compute_resources`, {
      method: 'POST',
      headers: { ...foremanHeaders, 'content-type': 'application/json' },
      body: JSON.stringify({ compute_resource: computeResource }),
    })
    assert.equal(response.status, 201, await response.clone().text())
    const { id } = (await response.json()) as { id: number }
    const path = `${world.server.url}/api/compute_resources/${id}`
    await fetch(path, {
      method: 'PUT',
      headers: { ...foremanHeaders, 'content-type': 'application/json' },
      body: JSON.stringify({ compute_resource: { url: `qemu+ssh://eva:${secret}@node.example.org/system` } }),
    })
    await fetch(path, { method: 'DELETE', headers: foremanHeaders })
    await world.server.catalogue.directory.apply(
      systemActor,
      JSON.stringify({ computeResources: [{ ...computeResource, name: 'applied' }] }),
      'test',
    )
    const { db } = world.server.core.database
    const kept = JSON.stringify([
      await db.selectFrom('audit').selectAll().execute(),
      await db.selectFrom('task_log').selectAll().execute(),
    ])
    assert.ok(kept.includes('qemu+ssh://node.example.org/system'))
    assert.ok(kept.includes(`${files.url}/shop`))
    assert.ok(!kept.includes(secret), kept.slice(Math.max(0, kept.indexOf(secret) - 300)).slice(0, 400))
    const settings = await ok(world.danube('get', '/dc/main/settings'))
    assert.equal(settings.result.VMS_IMAGE_REPOSITORIES.shop, url)
  })

  const urls: [url: string, readable: string][] = [
    ['https://h/p', 'https://h/p'],
    ['https://h/p?a=b#c', 'https://h/p'],
    ['https://h/p#c?a', 'https://h/p'],
    ['https://eva:x@h/p@q', 'https://h/p@q'],
    ['https://eva@h', 'https://h'],
    ['HTTPS://e:x@y@h:8/p', 'HTTPS://h:8/p'],
    ['qemu+ssh://root:x@h/system', 'qemu+ssh://h/system'],
    ['qemu:///system', 'qemu:///system'],
    ['https://h?a\nb', 'https://h'],
    ['no address', 'no address'],
  ]
  for (const [url, readable] of urls)
    test(`${JSON.stringify(url)} is read as ${readable}`, () => {
      assert.equal(withoutSecrets(url), readable)
    })

  const texts: [text: string, readable: string][] = [
    ["url='https://h/p?a=b' name='x'", "url='https://h/p' name='x'"],
    ["url='https://h/p?a='b'&c' name='x'", "url='https://h/p' name='x'"],
    ["a='https://e:x@h/p' b='http://h/q?z'", "a='https://h/p' b='http://h/q'"],
    ['at https://h/p?a (see HTTP://h?b', 'at https://h/p (see HTTP://h'],
    ["desc='why? because'", "desc='why? because'"],
    ['', ''],
  ]
  for (const [text, readable] of texts)
    test(`${JSON.stringify(text)} as well`, () => {
      assert.equal(withoutSecretsIn(text), readable)
    })
})
