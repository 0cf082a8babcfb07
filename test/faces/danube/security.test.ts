/** What nobody may do through this face that another one refuses. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { systemActor } from '../../../src/catalogue/actor.ts'
import { imgapiFace } from '../../../src/faces/imgapi/index.ts'
import { type Repository, startRepository } from './repository.ts'
import { type World, worlds } from './world.ts'

const sha1 = createHash('sha1').update('bytes').digest('hex')

for (const [engine, start] of worlds)
  describe(`what others keep to themselves on ${engine}`, () => {
    let world: World
    let repository: Repository
    let port: string
    before(async () => {
      repository = await startRepository()
      // Our own address is among those of the compute nodes, which read private images without credentials.
      const repositoryFace = imgapiFace({ privateNetworks: ['127.0.0.0/8', '::1'] })
      world = await start({ importAllow: '127.0.0.0/8, ::1', faces: [repositoryFace] })
      port = new URL(world.url).port
    })
    after(async () => {
      await world?.close()
      await repository?.close()
    })

    /** An image of the vault, with the bytes `bytes`. */
    async function kept(handle: string, visibility: 'private' | 'public'): Promise<string> {
      const { uuid } = await world.catalogue.images.create(systemActor, {
        handle,
        name: handle,
        ownerId: 4,
        visibility,
        diskFormat: 'raw',
        containerFormat: 'bare',
      })
      const source = (async function* () {
        yield Buffer.from('bytes')
      })()
      await world.catalogue.bytes.receive(systemActor, uuid, source, { fallback: 'queued' })
      return uuid
    }
    let count = 0
    async function takeOver(file_url: string) {
      const { manifestUrl } = repository.add({ facts: { files: [{ sha1, size: 5, compression: 'none' }] } })
      const json = { manifest_url: manifestUrl, file_url, dc: 'acme', version: `1.${++count}` }
      return world.ask('POST', `/image/thief-${count}`, { as: 'importer', json })
    }

    describe('bytes of other images', () => {
      const spellings = (uuid: string) => [
        `${world.url}/images/${uuid}/file`,
        `${world.url}/images/${uuid}/file/`,
        `${world.url}/images/${uuid.toUpperCase()}/file`,
        `HTTP://LOCALHOST:${port}/images/${uuid}/file`,
        `http://127.1:${port}/images/${uuid}/file?account=x`,
        `http://127.0.0.1:${port}/x/../images/${uuid}/%66ile`,
        `http://user@127.0.0.1:${port}/images/${uuid}/file#x`,
        `http://[::ffff:127.0.0.1]:${port}/images/${uuid}/file`,
        `${world.url}/v2/images/${uuid}/file`,
      ]

      test('private ones are not taken over', async () => {
        const uuid = await kept('vault-private', 'private')
        for (const url of spellings(uuid)) {
          const { status, text } = await takeOver(url)
          assert.deepEqual([status, /file_url/.test(text)], [400, true], `${url}: ${text}`)
        }
      })

      test('public ones that were taken out of use are not taken over', async () => {
        const uuid = await kept('vault-withdrawn', 'public')
        await world.catalogue.images.deactivate(systemActor, uuid)
        for (const url of spellings(uuid)) {
          const { status, text } = await takeOver(url)
          assert.deepEqual([status, /file_url/.test(text)], [400, true], `${url}: ${text}`)
        }
      })

      test('public ones are', async () => {
        const uuid = await kept('vault-public', 'public')
        const reply = await takeOver(`${world.url}/images/${uuid}/file`)
        assert.equal(reply.status, 201, reply.text)
        assert.equal((await world.ended(reply.body.task_id)).state, 'succeeded')
      })

      test('an administrator takes over what was taken out of use', async () => {
        const uuid = await kept('vault-old', 'public')
        await world.catalogue.images.deactivate(systemActor, uuid)
        const { manifestUrl } = repository.add({ facts: { files: [{ sha1, size: 5, compression: 'none' }] } })
        const json = { manifest_url: manifestUrl, file_url: `${world.url}/images/${uuid}/file`, dc: 'acme' }
        const reply = await world.ask('POST', '/image/rescued', { json })
        assert.equal(reply.status, 201, reply.text)
      })
    })

    test('a search of more conditions than a database can plan is refused at once', async () => {
      const search = (count: number) =>
        world.ask('GET', `//images?${Array.from({ length: count }, (_, i) => `tag.a${i}=1`).join('&')}`, {
          as: 'nobody',
        })
      assert.equal((await search(20)).status, 200)
      for (const count of [40, 1400]) {
        const { status, text } = await search(count)
        assert.equal(status, 422, text)
      }
    })

    test('names with control characters are no headers', async () => {
      const { db } = world.core.database
      const name = 'odd\r\nset-cookie: a=b\u007f\u0085é'
      await db.updateTable('users').set({ username: name }).where('id', '=', world.ids.lone).execute()
      await db.updateTable('projects').set({ name }).where('id', '=', 3).execute()
      await db.updateTable('users').set({ default_project_id: 3 }).where('id', '=', world.ids.lone).execute()
      world.catalogue.users.forget()
      const { status, headers } = await world.ask('GET', '/vm', { as: 'lone' })
      assert.equal(status, 200)
      assert.equal(headers.get('set-cookie'), null)
      assert.equal(Buffer.from(headers.get('es_username')!, 'latin1').toString(), 'oddset-cookie: a=bé')
      assert.equal(Buffer.from(headers.get('es_dc')!, 'latin1').toString(), 'oddset-cookie: a=bé')
      await db.updateTable('projects').set({ name: 'park' }).where('id', '=', 3).execute()
    })

    test('a token and a key end with the password, and with the user', async () => {
      const json = { email: 'a@b', first_name: 'A', last_name: 'B', password: 'first-password' }
      await world.expect('POST', '/accounts/user/passing', { json }, 201)
      const logIn = async (password: string) =>
        (
          await world.ask('POST', '/accounts/login', {
            as: 'nobody',
            json: { username: 'passing', password },
          })
        ).body.token as string
      const asks = async (headers: Record<string, string>) =>
        (await world.ask('GET', '/vm', { as: 'nobody', headers })).status
      const token = { authorization: `Token ${await logIn('first-password')}` }
      const made = await world.ask('PUT', '/accounts/user/passing/apikeys', { json: { api_key: true } })
      const key = { 'es-api-key': made.body.result.api_key as string }
      assert.deepEqual([await asks(token), await asks(key)], [200, 200])
      await world.expect('PUT', '/accounts/user/passing', { json: { is_active: false } }, 200)
      assert.deepEqual([await asks(token), await asks(key)], [403, 403])
      await world.expect('PUT', '/accounts/user/passing', { json: { is_active: true } }, 200)
      await world.expect('PUT', '/accounts/user/passing', { json: { password: 'second-password' } }, 200)
      assert.equal(await asks(token), 403)
      const second = { authorization: `Token ${await logIn('second-password')}` }
      assert.equal(await asks(second), 200)
      await world.expect('DELETE', '/accounts/user/passing', {}, 200)
      assert.deepEqual([await asks(second), await asks(key)], [403, 403])
    })

    test('one name is given once, however many ask for it at the same moment', async () => {
      const statuses = async (count: number, ask: (i: number) => Promise<{ status: number }>) =>
        (await Promise.all(Array.from({ length: count }, (_, i) => ask(i))))
          .map(({ status }) => status)
          .sort()
      const offered = Array.from({ length: 6 }, () => repository.add())
      assert.deepEqual(
        await statuses(6, (i) =>
          world.ask('POST', '/image/wanted', {
            json: { manifest_url: offered[i]!.manifestUrl, dc: 'acme', version: `9.${i}` },
          }),
        ),
        [201, 406, 406, 406, 406, 406],
      )
      const aliases = await statuses(4, (i) =>
        world.ask('POST', `/image/alias-${i}`, {
          json: { manifest_url: repository.add().manifestUrl, dc: 'acme', alias: 'one alias', version: '3' },
        }),
      )
      assert.deepEqual(aliases, [201, 400, 400, 400])
      await world.expect('PUT', '/dc/park/settings', { json: { VMS_IMAGE_LIMIT: 1 } }, 200)
      const limited = await statuses(4, (i) =>
        world.ask('POST', `/image/limited-${i}`, {
          json: { manifest_url: repository.add().manifestUrl, dc: 'park', version: `4.${i}` },
        }),
      )
      assert.deepEqual(limited, [201, 400, 400, 400])
      const { manifestUrl } = repository.add()
      const sameUuid = await statuses(4, (i) =>
        world.ask('POST', `/image/same-uuid-${i}`, {
          json: { manifest_url: manifestUrl, dc: 'acme', version: `8.${i}` },
        }),
      )
      assert.equal(sameUuid.filter((status) => status === 201).length, 1, String(sameUuid))
      assert.ok(
        sameUuid.every((status) => status < 500),
        String(sameUuid),
      )
      const define = { json: { vcpus: 1, ram: 64 } }
      const defined = await statuses(6, () => world.ask('POST', '/dc/acme/vm/twin/define', define))
      assert.deepEqual(defined, [201, 406, 406, 406, 406, 406])
      const uuid = '11111111-2222-4333-8444-555555555555'
      const sameVm = await statuses(4, (i) =>
        world.ask('POST', `/dc/acme/vm/twin-${i}/define`, { json: { ...define.json, uuid } }),
      )
      assert.deepEqual(sameVm, [201, 406, 406, 406])
      const disks = await statuses(4, () =>
        world.ask('POST', '/dc/acme/vm/twin/define/disk/1', { json: { size: 1 } }),
      )
      assert.deepEqual(disks, [201, 406, 406, 406])
      await world.expect('POST', '/accounts/group/crowd', { json: {} }, 201)
      assert.deepEqual(
        await statuses(4, () => world.ask('POST', '/dc/acme/group/crowd')),
        [201, 406, 406, 406],
      )
      const put = await statuses(6, (i) => world.ask('PUT', '/dc/vault', { json: { desc: `d${i}` } }))
      assert.deepEqual(new Set(put), new Set([200]))
    })
  })
