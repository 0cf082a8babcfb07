import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { systemActor } from '../../../src/catalogue/actor.ts'
import type { ImageDraft } from '../../../src/catalogue/images/draft.ts'
import type { Image } from '../../../src/catalogue/images/image.ts'
import { taskIdOf } from '../../../src/catalogue/tasks/danube-status.ts'
import { enqueue } from '../../../src/catalogue/tasks/enqueue.ts'
import { taskChannel } from '../../../src/catalogue/tasks/task.ts'
import { type Ask, type Person, type World, worlds } from './world.ts'

const denied = { detail: 'Permission denied' }
const refused = { detail: 'You do not have permission to perform this action.' }
const missing = { detail: 'Image not found' }
const success = (result: unknown) => ({ status: 'SUCCESS', result })
const failure = (result: unknown) => ({ status: 'FAILURE', result })

for (const [engine, start] of worlds)
  describe(`images on ${engine} (danube.md 1.2 to 1.14)`, () => {
    let world: World
    before(async () => {
      world = await start()
    })
    after(() => world?.close())

    const handleOf = (name: string) => `${name}-${randomUUID().slice(0, 8)}`
    /** An active image of acme, bound there, unless said otherwise. */
    async function image(draft: ImageDraft = {}, active = true): Promise<Image> {
      const made = await world.catalogue.images.create(systemActor, {
        handle: handleOf('image'),
        name: handleOf('alias').slice(0, 32),
        ownerId: 2,
        diskFormat: 'raw',
        containerFormat: 'bare',
        creatorId: world.ids.keeper,
        ...draft,
      })
      if (!active) return made
      const bytes = (async function* () {
        yield Buffer.from(`bytes of ${made.uuid}`)
      })()
      return world.catalogue.bytes.receive(systemActor, made.uuid, bytes, { fallback: 'killed' })
    }
    const shown = async (handle: string) =>
      (await world.ask('GET', `/image/${handle}/?extended=1`)).body.result
    const stored = (made: Image) => world.catalogue.images.view(systemActor, made.uuid)
    /** A change that a task makes known; with its end. */
    async function byTask(method: string, path: string, ask: Ask) {
      const reply = await world.ask(method, path, ask)
      assert.equal(reply.status, 201, reply.text)
      const task = await world.ended(reply.body.task_id)
      return { reply, task }
    }

    describe('GET /image', () => {
      let bound: Image
      let other: Image
      let gone: Image
      before(async () => {
        const at = 1_600_000_000_000_000
        bound = await image({ handle: 'b-bound', createdAt: at })
        other = await image({ handle: 'a-other', ownerId: 4, createdAt: at + 1_000_000 })
        await image({
          handle: 'c-free',
          ownerId: 1,
          bound: false,
          attached: false,
          createdAt: at + 500_000,
        })
        gone = await image({ handle: 'd-gone', createdAt: at + 2_000_000 })
        await world.catalogue.images.deactivate(systemActor, gone.uuid)
        const killed = await image({ handle: 'e-killed' }, false)
        await world.core.database.db
          .updateTable('images')
          .set({ status: 'killed' })
          .where('uuid', '=', killed.uuid)
          .execute()
      })
      const names = async (query: string, as: Person = 'admin') => {
        const { body } = await world.ask('GET', `/image/${query}`, { as })
        return body.result
      }

      const others: readonly [method: string, path: string, allow: string][] = [
        ['POST', '/image/', 'GET, HEAD, OPTIONS'],
        ['PUT', '/image', 'GET, HEAD, OPTIONS'],
        ['DELETE', '/image/', 'GET, HEAD, OPTIONS'],
        ['PATCH', '/image/b-bound/', 'GET, POST, PUT, DELETE, HEAD, OPTIONS'],
        ['DELETE', '/image/b-bound/vm', 'GET, HEAD, OPTIONS'],
        ['GET', '/vm/x/snapshot/y/image/z/', 'POST, OPTIONS'],
      ]
      for (const [method, path, allow] of others)
        test(`${method} ${path} is no verb of it`, async () => {
          const { status, text, headers } = await world.ask(method, path, { as: 'keeper' })
          assert.deepEqual(
            [status, text, headers.get('allow'), headers.get('es_username'), headers.get('es_dc')],
            [405, `{"detail":"Method \\"${method}\\" not allowed."}`, allow, 'keeper', 'main'],
          )
        })

      test('the objects of a list are written as that of a single image is', async () => {
        const single = (await world.ask('GET', '/image/b-bound/')).body.result
        const list = await world.ask('GET', '/image/?full=1', { as: 'keeper' })
        assert.equal(JSON.stringify(list.body.result[0]), JSON.stringify(single))
        const extended = await world.ask('GET', '/image/?extended=1', { as: 'keeper' })
        assert.equal(JSON.stringify(extended.body.result[0]), JSON.stringify({ ...single, dcs: ['acme'] }))
        // `full` of a single image has no effect.
        const full = await world.ask('GET', '/image/b-bound/?full=1')
        assert.equal(JSON.stringify(full.body.result), JSON.stringify(single))
      })

      test('names, objects, objects with datacenters', async () => {
        assert.deepEqual(await names(''), ['a-other', 'b-bound', 'c-free', 'd-gone'])
        for (const query of ['?full=', '?full', '?full=False', '?full=0', '?full=false'])
          assert.deepEqual(await names(query), ['a-other', 'b-bound', 'c-free', 'd-gone'], query)
        for (const query of ['?full=1', '?full=true', '?full=True', '?full=no']) {
          const [first] = await names(query)
          assert.deepEqual([first.name, first.uuid, 'dcs' in first], ['a-other', other.uuid, false], query)
        }
        const extended = await names('?extended=true&full=false')
        assert.deepEqual(
          extended.map((one: { dcs: string[] }) => one.dcs),
          [['vault'], ['acme'], [], ['acme']],
        )
      })

      test('order: a sign means descending, whichever it is', async () => {
        const created = ['b-bound', 'c-free', 'a-other', 'd-gone']
        for (const [query, expected] of [
          ['?order_by=created', created],
          ['?order_by=-created', created.toReversed()],
          ['?order_by=%2Bcreated', created.toReversed()],
          ['?order_by=+created', created],
          ['?order_by=created,name', created],
          ['?order_by=-name', ['d-gone', 'c-free', 'b-bound', 'a-other']],
          ['?order_by=name,-created', ['a-other', 'b-bound', 'c-free', 'd-gone']],
        ] as const)
          assert.deepEqual(await names(query), expected, query)
        const text = 'Invalid order_by; Possible sort fields are: name, created'
        for (const path of [
          '/image/?order_by=size',
          '/image/b-bound/?order_by=size',
          '/image/nothing/?order_by=size',
        ])
          await world.expect('GET', path, {}, 412, { detail: text })
      })

      test('who sees what: image administrators what is bound where they are', async () => {
        assert.deepEqual(await names('', 'keeper'), ['b-bound', 'd-gone'])
        assert.deepEqual(await names('', 'importer'), ['b-bound', 'd-gone'])
        for (const as of ['chief', 'member', 'lone'] as const)
          await world.expect('GET', '/image/', { as }, 403, denied)
        await world.expect('GET', '/image/', { as: 'nobody' }, 403)
      })

      test('nothing is an empty list', async () => {
        const group = await world.group('vault-keepers', { users: ['lone'], roles: { 3: 'image_admin' } })
        assert.ok(group)
        await world.expect('GET', '/image/', { as: 'lone' }, 200, success([]))
        await world.core.database.db.deleteFrom('groups').where('id', '=', group).execute()
        world.catalogue.users.forget()
      })

      test('one image: permissions, then order, then the name, then whose it is', async () => {
        for (const [path, as, status, body] of [
          ['/image/b-bound/?order_by=x', 'member', 403, denied],
          ['/image/nothing/', 'keeper', 404, missing],
          ['/image/a-other/', 'keeper', 403, refused],
          ['/image/c-free/', 'keeper', 403, refused],
          ['/image/e-killed/', 'admin', 404, missing],
          ['/image/B-bound/', 'admin', 404, missing],
        ] as const)
          await world.expect('GET', path, { as }, status, body)
        const { body, headers } = await world.expect('GET', '/image/b-bound', { as: 'keeper' }, 200)
        assert.equal(headers.get('es_dc'), 'acme')
        assert.equal(headers.get('es_username'), 'keeper')
        assert.match(body.task_id, new RegExp(`^${world.ids.keeper}d${world.ids.keeper}u2-`))
        assert.deepEqual(body.result, {
          dc_bound: true,
          name: 'b-bound',
          uuid: bound.uuid,
          alias: bound.name,
          version: '1.0',
          owner: 'keeper',
          access: 3,
          desc: '',
          ostype: 1,
          size: 1,
          resize: false,
          deploy: false,
          tags: [],
          status: 1,
          created: '2020-09-13T12:26:40Z',
        })
        const asAdmin = await world.ask('GET', '/image/b-bound/?dc=park')
        assert.match(asAdmin.body.task_id, new RegExp(`^1d${world.ids.keeper}u2-6f75849b-`))
        assert.equal(asAdmin.headers.get('es_dc'), 'acme')
        const free = await world.ask('GET', '/image/c-free?dc=acme')
        assert.match(free.body.task_id, new RegExp(`^1d${world.ids.keeper}u1-6f75849b-`))
        assert.equal(free.headers.get('es_dc'), 'main')
        assert.equal((await shown('d-gone')).access, 4)
        assert.equal((await shown('c-free')).created, '2020-09-13T12:26:40.500000Z')
      })

      test('more images than a page of the database has', async () => {
        const { db } = world.core.database
        const before = await names('')
        const made = await Promise.all(
          Array.from({ length: 230 }, (_, n) => n).map((n) =>
            world.catalogue.images.create(systemActor, {
              handle: `z-many-${String(n).padStart(4, '0')}`,
              name: `many ${n}`,
              ownerId: 4,
              createdAt: 1_700_000_000_000_000 + (n % 7),
            }),
          ),
        )
        const all = await names('')
        assert.deepEqual(
          all.slice(before.length),
          made.map(({ handle }) => handle),
        )
        for (const query of [
          '?order_by=created',
          '?order_by=-created',
          '?order_by=-name',
          '?order_by=created,-name&full=1',
        ]) {
          const found = await names(query)
          assert.equal(
            new Set(found.map((one: { name?: string }) => one.name ?? one)).size,
            all.length,
            query,
          )
        }
        await db.deleteFrom('images').where('handle', 'like', 'z-many-%').execute()
      })
    })

    describe('PUT /image/(name)', () => {
      test('the new values are there at once, pending, and stay', async () => {
        const made = await image({
          tags: ['old'],
          properties: { description: 'old', architecture: 'x86_64' },
        })
        const json = {
          alias: 'New alias',
          version: '2',
          desc: 'new',
          resize: 'true',
          deploy: 1,
          tags: 'b,a',
          access: 1,
        }
        const { reply, task } = await byTask('PUT', `/image/${made.handle}/`, { json, as: 'keeper' })
        assert.match(reply.body.task_id, new RegExp(`^${world.ids.keeper}e${world.ids.keeper}u2-`))
        assert.equal(reply.headers.get('es_dc'), 'acme')
        assert.equal(task.state, 'succeeded')
        const { body } = await world.ask('GET', `/task/${reply.body.task_id}/status`)
        assert.deepEqual(body.result, { returncode: 0, message: `Successfully updated image ${made.handle}` })
        const { alias, version, desc, resize, deploy, tags, access, status } = await shown(made.handle)
        assert.deepEqual(
          [alias, version, desc, resize, deploy, tags, access, status],
          ['New alias', '2', 'new', true, true, ['a', 'b'], 1, 1],
        )
        const after = await stored(made)
        assert.deepEqual([after.name, after.visibility], ['New alias', 'public'])
        assert.deepEqual(after.properties, { description: 'new', architecture: 'x86_64' })
      })

      test('the shown alias says nothing about a longer name; anything else is the new name', async () => {
        const name = 'Überlanger Name <mit> "allem", was länger als 32 Zeichen ist'
        const made = await image({ name })
        const { alias } = await shown(made.handle)
        assert.equal(alias, 'Überlanger Name _mit_ _allem_, w')
        await byTask('PUT', `/image/${made.handle}/`, { json: { alias } })
        assert.equal((await stored(made)).name, name)
        await byTask('PUT', `/image/${made.handle}/`, { json: { alias: `${alias.slice(0, 31)}x` } })
        assert.equal((await stored(made)).name, `${alias.slice(0, 31)}x`)
      })

      test('what is changed alone decides whether it is done at once', async () => {
        const made = await image()
        const path = `/image/${made.handle}/`
        for (const json of [
          {},
          { owner: 'importer' },
          { dc_bound: true },
          { owner: 'keeper', dc_bound: 'true' },
          { size: 5, status: 2, uuid: 'x', ostype: 3 },
        ]) {
          const { body } = await world.expect('PUT', path, { json }, 200)
          assert.equal(body.status, 'SUCCESS')
          assert.equal(body.result.name, made.handle)
        }
        assert.equal((await stored(made)).creatorId, world.ids.keeper)
        // A lone name, and values that are the stored ones, count all the same.
        for (const json of [{ name: 'another' }, { access: 3 }, { owner: 'keeper', version: '1.0' }]) {
          const { task } = await byTask('PUT', path, { json })
          assert.equal(task.state, 'succeeded')
        }
        assert.equal((await shown(made.handle)).name, made.handle)
      })

      test('access 4 takes it out of use everywhere, 1 and 3 give it back', async () => {
        const made = await image()
        for (const [access, status, visibility] of [
          [4, 'deactivated', 'private'],
          [4, 'deactivated', 'private'],
          [1, 'active', 'public'],
          [4, 'deactivated', 'public'],
          [3, 'active', 'private'],
        ] as const) {
          await byTask('PUT', `/image/${made.handle}/`, { json: { access }, as: 'keeper' })
          const now = await stored(made)
          assert.deepEqual([now.status, now.visibility], [status, visibility])
          assert.equal((await shown(made.handle)).access, access)
        }
      })

      test('access 3 leaves what is shared or for the community as it is; what was public goes back to its members', async () => {
        for (const visibility of ['shared', 'community'] as const) {
          const made = await image({ visibility })
          await byTask('PUT', `/image/${made.handle}/`, { json: { access: 3 } })
          assert.equal((await stored(made)).visibility, visibility)
        }
        const made = await image()
        await world.expect('POST', `/dc/park/image/${made.handle}/`, { json: {} }, 201)
        for (const [access, visibility] of [
          [1, 'public'],
          [3, 'shared'],
        ] as const) {
          await byTask('PUT', `/image/${made.handle}/`, { json: { access } })
          assert.equal((await stored(made)).visibility, visibility)
        }
        assert.deepEqual((await shown(made.handle)).dcs, ['acme', 'park'])
      })

      const cases: readonly [why: string, json: object, as: Person, status: number, body: unknown][] = [
        ['no image administrator', { alias: '' }, 'chief', 403, denied],
        [
          'dc_bound by one who is no SuperAdmin',
          { dc_bound: false },
          'keeper',
          400,
          failure({ dc_bound: ["You don't have permission to modify this attribute."] }),
        ],
        ['an empty alias', { alias: null }, 'keeper', 400, failure({ alias: ['This field is required.'] })],
        [
          'access that there is not',
          { access: 2 },
          'admin',
          400,
          failure({ access: ['Select a valid choice. 2 is not one of the available choices.'] }),
        ],
        [
          'a bad name that would not be used',
          { name: '<' },
          'admin',
          400,
          failure({ name: ['Invalid value.'] }),
        ],
      ]
      for (const [why, json, as, status, body] of cases)
        test(why, async () => {
          const made = await image()
          await world.expect('PUT', `/image/${made.handle}/`, { json, as }, status, body)
          assert.deepEqual(await stored(made), made)
        })

      test('alias and version: completed from the stored object, and its own do not count', async () => {
        const one = await image({ name: 'pair', version: '1' })
        const two = await image({ name: 'Pair', version: '2' })
        const taken = { alias: ['This alias is already in use. Please supply a different alias or version.'] }
        await world.expect('PUT', `/image/${two.handle}/`, { json: { version: '1' } }, 400, failure(taken))
        await world.expect(
          'PUT',
          `/image/${two.handle}/`,
          { json: { alias: 'PAIR', version: '1' } },
          400,
          failure(taken),
        )
        await byTask('PUT', `/image/${one.handle}/`, { json: { alias: 'PAIR', version: '1' } })
        await byTask('PUT', `/image/${two.handle}/`, { json: { version: '3' } })
      })

      test('binding: to the one datacenter it is attached to, or to none', async () => {
        const made = await image()
        const path = `/image/${made.handle}/`
        const put = (dc_bound: boolean, status: number, body?: unknown) =>
          world.expect('PUT', path, { json: { dc_bound } }, status, body)
        const unbound = await put(false, 200)
        assert.equal(unbound.body.result.dc_bound, false)
        await world.expect('GET', path, { as: 'keeper' }, 403, refused)
        assert.deepEqual((await shown(made.handle)).dcs, ['acme'])
        assert.equal((await put(true, 200)).headers.get('es_dc'), 'acme')
        await world.expect('GET', path, { as: 'keeper' }, 200)
        await world.expect('POST', `/dc/park/image/${made.handle}`, { json: {} }, 201)
        await put(true, 400, failure({ dc_bound: ['Image is attached into more than one datacenter.'] }))
        for (const dc of ['park', 'acme'])
          await world.expect('DELETE', `/dc/${dc}/image/${made.handle}`, {}, 200)
        await put(true, 400, failure({ dc_bound: ['Image is not attached into any datacenters.'] }))
        await world.expect('POST', `/dc/vault/image/${made.handle}`, { json: {} }, 201)
        assert.equal((await put(true, 200)).headers.get('es_dc'), 'vault')
        assert.equal((await stored(made)).ownerId, 4)
      })

      test('a change that does not come through is taken back', async () => {
        const made = await image({ properties: { description: 'before' } })
        // Nobody has the bytes any more: what is made known could not be fetched.
        for (const { store } of world.core.stores.all) await store.delete(made.blobId!)
        const before = await shown(made.handle)
        const json = {
          ...{ alias: 'After', version: '9', owner: 'importer', access: 4, desc: 'after', resize: true },
          ...{ deploy: true, tags: ['x'], dc_bound: false },
        }
        const { reply, task } = await byTask('PUT', `/image/${made.handle}/`, { json })
        assert.equal(task.state, 'failed')
        const { status, body } = await world.ask('GET', `/task/${reply.body.task_id}/status`)
        assert.deepEqual([status, body.status, body.result.returncode], [400, 'FAILURE', 1])
        assert.match(body.result.message, /^ERROR: /)
        assert.equal(body.result.detail, `Got bad return code (1). Error: ${body.result.message}`)
        assert.deepEqual(await shown(made.handle), before)
      })
    })

    describe('DELETE /image/(name)', () => {
      test('by a task, with the bytes; a second one is too early', async () => {
        const made = await image()
        const { reply } = await byTask('DELETE', `/image/${made.handle}`, { json: {}, as: 'keeper' })
        const { body } = await world.ask('GET', `/task/${reply.body.task_id}/status`, { as: 'keeper' })
        assert.deepEqual(body.result, { returncode: 0, message: `Successfully deleted image ${made.handle}` })
        await world.expect('GET', `/image/${made.handle}`, {}, 404, missing)
        await world.expect('DELETE', `/image/${made.handle}`, {}, 404, missing)
        for (const { store } of world.core.stores.all) assert.equal(await store.size(made.blobId!), null)
      })

      test('one that cannot be done after all leaves the image as it was', async () => {
        const made = await image()
        const before = await shown(made.handle)
        // As if a server had been made from it while the task waited.
        await world.apply({
          instances: [
            { hostname: `late-${made.handle}`, project: 'acme', disks: [{ size: 1, image: made.handle }] },
          ],
        })
        const begun = await world.core.database.transaction((trx) =>
          enqueue(trx, systemActor, {
            kind: 'delete-image',
            imageUuid: made.uuid,
            subject: made.handle,
            payload: {},
          }),
        )
        await world.core.database.notify(taskChannel)
        const id = taskIdOf(await world.catalogue.tasks.view(systemActor, begun))
        assert.equal((await world.ended(id)).state, 'failed')
        const message = 'ERROR: Image is used by some VMs'
        await world.expect('GET', `/task/${id}/status/`, {}, 400, {
          status: 'FAILURE',
          result: { returncode: 5, message, detail: `Got bad return code (5). Error: ${message}` },
        })
        assert.deepEqual(await shown(made.handle), before)
      })

      test('without any body', async () => {
        const made = await image()
        await byTask('DELETE', `/image/${made.handle}/`, {})
      })

      test('refusals', async () => {
        const made = await image()
        await world.expect('DELETE', `/image/${made.handle}`, { as: 'member' }, 403, denied)
        const other = await image({ ownerId: 4 })
        await world.expect('DELETE', `/image/${other.handle}`, { as: 'keeper' }, 403, refused)
        const kept = await image({ protected: true })
        await world.expect('DELETE', `/image/${kept.handle}`, { as: 'keeper' }, 403, refused)
        assert.equal((await shown(kept.handle)).status, 1)
      })

      test('used by a server of a datacenter it is attached to; of another one it does not count', async () => {
        const made = await image()
        const use = (project: string, hostname: string) =>
          world.apply({
            instances: [{ hostname, project, status: 'running', disks: [{ size: 10, image: made.handle }] }],
          })
        await use('vault', `elsewhere-${made.handle}`)
        await use('acme', `here-${made.handle}`)
        const used = { detail: 'Image is used by some VMs' }
        await world.expect('DELETE', `/image/${made.handle}`, { as: 'keeper' }, 428, used)
        await world.expect(
          'GET',
          `/image/${made.handle}/vm/`,
          { as: 'keeper' },
          200,
          success([`here-${made.handle}`]),
        )
        const full = await world.ask('GET', `/image/${made.handle}/vm/?full=true`)
        assert.deepEqual(
          full.body.result.map((vm: { hostname: string; status: string }) => [vm.hostname, vm.status]),
          [[`here-${made.handle}`, 'running']],
        )
        await world.expect('GET', `/image/${made.handle}/vm/?order_by=name`, {}, 412, {
          detail: 'Invalid order_by; Possible sort fields are: hostname',
        })
        await world.expect('GET', `/image/${made.handle}/vm/`, { as: 'chief' }, 403, denied)
        await world.expect('GET', `/image/nothing-${made.handle}/vm/`, { as: 'keeper' }, 404, missing)
        const foreign = await image({ ownerId: 4 })
        await world.expect('GET', `/image/${foreign.handle}/vm/`, { as: 'keeper' }, 403, refused)
        await use('acme', `also-${made.handle}`)
        for (const [query, names] of [
          ['', ['also', 'here']],
          ['?order_by=hostname', ['also', 'here']],
          ['?order_by=-hostname', ['here', 'also']],
          ['?order_by=%2Bhostname', ['here', 'also']],
        ] as const)
          await world.expect(
            'GET',
            `/image/${made.handle}/vm/${query}`,
            {},
            200,
            success(names.map((name) => `${name}-${made.handle}`)),
          )
        await world.apply({ instances: [{ hostname: `also-${made.handle}`, project: 'acme', disks: [] }] })
        await world.apply({ instances: [{ hostname: `here-${made.handle}`, project: 'acme', disks: [] }] })
        await world.expect('GET', `/image/${made.handle}/vm`, {}, 200, success([]))
        await byTask('DELETE', `/image/${made.handle}`, { json: {} })
      })
    })

    describe('what is checked first', () => {
      const server = (state: 'usable' | 'node-down' | 'unavailable') =>
        world.apply({
          nodes: [{ hostname: 'node07', status: state === 'usable' ? 'online' : 'maintenance' }],
          instances: [
            {
              hostname: 'images07',
              project: 'main',
              node: 'node07',
              ostype: 5,
              status: state === 'unavailable' ? 'error' : 'running',
              ips: ['192.0.2.7'],
            },
          ],
        })
      /** A task that nobody does. */
      const pending = ({ uuid, handle }: Image) =>
        world.core.database.transaction((trx) =>
          enqueue(trx, systemActor, { kind: 'undone', imageUuid: uuid, subject: handle, payload: {} }),
        )
      let busy: Image
      let used: Image
      let shared: Image
      let taken: Image
      before(async () => {
        await server('usable')
        await world.expect('PUT', '/dc/main/settings', { json: { VMS_IMAGE_VM: 'images07' } }, 200)
        busy = await image({ handle: 'first-busy', version: '5' })
        used = await image({ handle: 'first-used' })
        shared = await image({ handle: 'first-shared', bound: false })
        await image({ handle: 'first-nowhere', bound: false, attached: false })
        taken = await image({ version: '5' })
        await world.expect('POST', '/dc/park/image/first-shared', { json: {} }, 201)
        await world.apply({
          instances: [{ hostname: 'user07', project: 'acme', disks: [{ size: 1, image: used.handle }] }],
        })
        for (const each of [busy, used, shared]) await pending(each)
      })
      after(async () => {
        await server('usable')
        await world.core.database.db.deleteFrom('tasks').where('kind', '=', 'undone').execute()
        await world.expect('PUT', '/dc/main/settings', { json: { VMS_IMAGE_VM: 'imageport' } }, 200)
      })

      const waiting = ['Image has pending tasks.']
      const several = ['Image is attached into more than one datacenter.']
      const nowhere = ['Image is not attached into any datacenters.']
      const aliasTaken = ['This alias is already in use. Please supply a different alias or version.']
      const ownerGone = (name: string) => [`Object with username=${name} does not exist.`]
      const unavailable = { detail: 'Image server is not available' }
      const nodeDown = { detail: 'Node is not operational' }
      const notOk = { detail: 'Image status is not OK' }
      const inUse = { detail: 'Image is used by some VMs' }
      const noOrder = { detail: 'Invalid order_by; Possible sort fields are: name, created' }
      const busyAndMore = { owner: 'importer', dc_bound: false, access: 7, version: '' }
      type Row = [
        server: Parameters<typeof server>[0],
        method: string,
        name: string,
        json: object,
        as: Person,
        status: number,
        body: unknown,
      ]
      /** Each row has everything wrong that is looked at later than what it is told. */
      const rows: Row[] = [
        ['unavailable', 'PUT', 'first-none', { order_by: 'size', access: 7 }, 'member', 403, denied],
        ['unavailable', 'PUT', 'first-none', { order_by: 'size', access: 7 }, 'keeper', 412, noOrder],
        ['unavailable', 'PUT', 'first-none', { access: 7 }, 'keeper', 404, missing],
        ['unavailable', 'PUT', 'first-shared', { access: 7 }, 'keeper', 403, refused],
        [
          'unavailable',
          'PUT',
          'first-busy',
          busyAndMore,
          'keeper',
          400,
          failure({
            owner: waiting,
            dc_bound: ["You don't have permission to modify this attribute."],
            access: ['Select a valid choice. 7 is not one of the available choices.'],
            version: ['This field is required.'],
          }),
        ],
        [
          'unavailable',
          'PUT',
          'first-shared',
          { dc_bound: true, owner: 'importer', alias: 'TAKEN' },
          'admin',
          400,
          failure({ owner: waiting, dc_bound: several }),
        ],
        [
          'unavailable',
          'PUT',
          'first-shared',
          { dc_bound: true },
          'admin',
          400,
          failure({ dc_bound: several }),
        ],
        [
          'unavailable',
          'PUT',
          'first-nowhere',
          { dc_bound: '1' },
          'admin',
          400,
          failure({ dc_bound: nowhere }),
        ],
        [
          'unavailable',
          'PUT',
          'first-busy',
          { alias: 'TAKEN' },
          'keeper',
          400,
          failure({ alias: aliasTaken }),
        ],
        [
          'unavailable',
          'PUT',
          'first-busy',
          { owner: 'idle' },
          'keeper',
          400,
          failure({ owner: ownerGone('idle') }),
        ],
        ['unavailable', 'PUT', 'first-busy', { dc_bound: true }, 'keeper', 428, unavailable],
        ['node-down', 'PUT', 'first-busy', {}, 'keeper', 423, nodeDown],
        ['usable', 'PUT', 'first-busy', {}, 'keeper', 417, notOk],
        ['usable', 'PUT', 'first-busy', { dc_bound: true }, 'keeper', 417, notOk],
        ['usable', 'PUT', 'first-busy', { dc_bound: false }, 'admin', 417, notOk],
        ['usable', 'PUT', 'first-busy', { owner: 'keeper' }, 'keeper', 417, notOk],
        ['unavailable', 'DELETE', 'first-none', { order_by: 'size' }, 'member', 403, denied],
        ['unavailable', 'DELETE', 'first-none', { order_by: 'size' }, 'keeper', 412, noOrder],
        ['unavailable', 'DELETE', 'first-none', {}, 'keeper', 404, missing],
        ['unavailable', 'DELETE', 'first-shared', {}, 'keeper', 403, refused],
        ['unavailable', 'DELETE', 'first-used', {}, 'keeper', 428, inUse],
        ['unavailable', 'DELETE', 'first-busy', {}, 'keeper', 428, unavailable],
        ['node-down', 'DELETE', 'first-busy', {}, 'keeper', 423, nodeDown],
        ['usable', 'DELETE', 'first-busy', {}, 'keeper', 417, notOk],
        ['unavailable', 'POST', 'first-busy', { order_by: 'size' }, 'member', 403, denied],
        ['unavailable', 'POST', 'first-busy', { order_by: 'size' }, 'keeper', 412, noOrder],
      ]
      for (const [state, method, name, json, as, status, body] of rows)
        test(`${state}: ${method} ${name} ${JSON.stringify(json)} by ${as} is ${status}`, async () => {
          await server(state)
          const said = 'alias' in json ? { ...json, alias: taken.name.toUpperCase() } : json
          await world.expect(method, `/image/${name}/`, { json: said, as }, status, body)
        })

      test('without an image server: what a task works on is let alone all the same', async () => {
        await server('usable')
        await world.expect('PUT', '/dc/main/settings', { json: { VMS_IMAGE_VM: null } }, 200)
        for (const method of ['PUT', 'DELETE'])
          await world.expect(method, '/image/first-busy/', { json: { desc: 'x' }, as: 'keeper' }, 417, notOk)
        await world.expect('DELETE', '/image/first-used/', { json: {}, as: 'keeper' }, 428, inUse)
        await world.expect('PUT', '/dc/main/settings', { json: { VMS_IMAGE_VM: 'images07' } }, 200)
      })
    })

    describe('/dc/(dc)/image', () => {
      test('attached images, for the administrators of the datacenter', async () => {
        const own = await image({ handle: handleOf('a-own') })
        const shared = await image({ ownerId: 4, handle: handleOf('b-shared') })
        const away = await image({ handle: handleOf('c-away') })
        const path = `/dc/acme/image/${shared.handle}/`
        const attached = await world.expect('POST', path, { json: {} }, 201)
        assert.match(attached.body.task_id, /d2-/)
        assert.equal(attached.headers.get('es_dc'), 'acme')
        // As it was: the binding is lost right behind it.
        assert.deepEqual([attached.body.result.name, attached.body.result.dc_bound], [shared.handle, true])
        assert.equal((await shown(shared.handle)).dc_bound, false)
        assert.equal((await stored(shared)).visibility, 'shared')
        await world.catalogue.images.deactivate(systemActor, away.uuid)
        const { body } = await world.expect('GET', '/dc/acme/image/', { as: 'chief' }, 200)
        for (const [handle, there] of [
          [own.handle, true],
          [shared.handle, true],
          [away.handle, false],
        ] as const)
          assert.equal(body.result.includes(handle), there, handle)
        assert.deepEqual(body.result, body.result.toSorted())
        const full = await world.ask('GET', '/dc/acme/image/?extended=true&order_by=-name', { as: 'keeper' })
        assert.ok(full.body.result.every((one: object) => !('dcs' in one)))
        await world.expect('GET', '/dc/acme/image/?order_by=created', { as: 'chief' }, 412)
        await world.expect('GET', `/dc/acme/image/${away.handle}`, { as: 'chief' }, 200)
        await world.expect('GET', `/dc/park/image/${own.handle}`, {}, 404, missing)
        for (const [as, status, refusal] of [
          ['member', 403, denied],
          ['lone', 404, { detail: 'Datacenter not found' }],
        ] as const)
          await world.expect('GET', '/dc/acme/image/', { as }, status, refusal)
        await world.expect('POST', path, { json: {} }, 406, { detail: 'Image already exists' })
        await world.expect('POST', '/dc/acme/image/nothing', { json: {} }, 404, missing)
        await world.expect('POST', `/dc/nowhere/image/${own.handle}`, { json: {} }, 404, {
          detail: 'Datacenter not found',
        })
        for (const [method, as] of [
          ['POST', 'keeper'],
          ['DELETE', 'chief'],
        ] as const)
          await world.expect(method, path, { as, json: {} }, 403, denied)
        await world.expect('DELETE', path, {}, 200, success(null))
        await world.expect('DELETE', path, {}, 404, missing)
        assert.deepEqual((await shown(shared.handle)).dcs, ['vault'])
      })

      test('what a server of that datacenter uses cannot be taken from it', async () => {
        const made = await image()
        await world.expect('POST', `/dc/park/image/${made.handle}`, { json: {} }, 201)
        await world.apply({
          instances: [
            { hostname: `user-${made.handle}`, project: 'acme', disks: [{ size: 1, image: made.handle }] },
          ],
        })
        await world.expect('DELETE', `/dc/acme/image/${made.handle}`, {}, 428, {
          detail: 'Image is used by some VMs',
        })
        await world.expect('DELETE', `/dc/park/image/${made.handle}`, {}, 200, success(null))
      })

      test('detached from its own datacenter, it is nobody’s there any more', async () => {
        const made = await image()
        await world.expect('DELETE', `/dc/acme/image/${made.handle}`, {}, 200)
        const { dcs, dc_bound } = await shown(made.handle)
        assert.deepEqual([dcs, dc_bound, (await stored(made)).ownerId], [[], false, 1])
        await world.expect('GET', `/image/${made.handle}`, { as: 'keeper' }, 403, refused)
      })
    })
  })
