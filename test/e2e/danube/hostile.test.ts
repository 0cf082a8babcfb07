/** What strangers send: every answer is one of the contract's, and none of them is a fault of the server. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { type Repository, startRepository } from '../../faces/danube/repository.ts'
import { type World, worlds } from '../../faces/danube/world.ts'

for (const [engine, start] of worlds)
  describe(`hostile requests on ${engine}`, () => {
    let world: World
    let repository: Repository
    before(async () => {
      repository = await startRepository()
      world = await start({ importAllow: '127.0.0.0/8' })
      await world.apply({
        instances: [
          {
            uuid: '81ddeb48-937b-4e54-8b37-091bfcabf18e',
            hostname: 'web01',
            project: 'acme',
            owner: 'member',
            status: 'stopped',
            disks: [{ size: 8 }],
            snapshots: [{ name: 's1', disk: 1, createdAt: '2024-01-01T00:00:00Z' }],
          },
        ],
        images: [
          { uuid: '5b2c1f4e-6a56-4b0e-9d41-3f1a7c0a9d10', handle: 'taken', name: 'taken', project: 'acme' },
        ],
      })
    })
    after(async () => {
      await world?.close()
      await repository?.close()
    })

    const deep = '['.repeat(100_000) + ']'.repeat(100_000)
    const many = Array.from({ length: 2500 }, () => 'name').join(',')
    const values: [string, string][] = [
      ['object with toString', '{"toString":1}'],
      ['proto', '{"__proto__":{"a":1}}'],
      ['deep', deep],
      ['NUL', '"a\\u0000b"'],
      ['half', '"a\\ud800b"'],
      ['array', '["a\\u0000","b"]'],
      ['nested', '[[1],{"a":2}]'],
      ['big', '9007199254740991'],
      ['bigger', '1e308'],
      ['negative', '-9007199254740991'],
      ['text big', '"9007199254740991"'],
      ['long', JSON.stringify('x'.repeat(30_000))],
      ['random', JSON.stringify(randomBytes(8000).toString('hex'))],
      ['commas', JSON.stringify(','.repeat(30_000))],
    ]
    const places: [string, string, readonly string[], (() => object)?][] = [
      [
        'POST',
        '/image/new',
        [
          'dc',
          'alias',
          'version',
          'owner',
          'access',
          'desc',
          'resize',
          'tags',
          'dc_bound',
          'manifest_url',
          'file_url',
          'cb_url',
          'cb_method',
          'name',
          'order_by',
        ],
        () => ({ manifest_url: repository.add().manifestUrl, dc: 'acme' }),
      ],
      [
        'PUT',
        '/image/taken',
        [
          'alias',
          'version',
          'owner',
          'access',
          'desc',
          'tags',
          'dc_bound',
          'cb_url',
          'cb_method',
          'order_by',
          'dc',
        ],
      ],
      [
        'POST',
        '/dc/acme/vm/web01/snapshot/s1/image/fromsnap',
        ['disk_id', 'alias', 'owner', 'tags', 'dc', 'cb_url', 'desc', 'order_by'],
      ],
      ['POST', '/dc/acme/vm/web01/snapshot/s2', ['disk_id', 'note', 'dc', 'cb_url']],
      ['PUT', '/dc/acme/vm/web01/snapshot/s1', ['disk_id', 'note', 'force', 'dc']],
      ['DELETE', '/dc/acme/vm/web01/snapshot/s3', ['disk_id', 'dc']],
      [
        'POST',
        '/dc/acme/vm/vm2/define',
        ['vcpus', 'ram', 'alias', 'ostype', 'node', 'owner', 'ips', 'uuid', 'hostname', 'dc'],
        () => ({ vcpus: 1, ram: 1 }),
      ],
      [
        'PUT',
        '/dc/acme/vm/web01/define',
        ['vcpus', 'ram', 'alias', 'ostype', 'node', 'owner', 'ips', 'hostname', 'dc'],
      ],
      ['PUT', '/dc/acme/vm/web01/define/disk/1', ['size', 'image', 'boot', 'dc']],
      ['POST', '/dc/acme/vm/web01/define/disk/2', ['size', 'image', 'boot', 'dc'], () => ({ size: 1 })],
      ['POST', '/accounts/login', ['username', 'password']],
      [
        'POST',
        '/accounts/user/new',
        [
          'email',
          'first_name',
          'last_name',
          'password',
          'groups',
          'current_dc',
          'dc_bound',
          'dc',
          'is_super_admin',
        ],
        () => ({ email: 'a@b', first_name: 'a', last_name: 'b', password: 'c' }),
      ],
      [
        'PUT',
        '/accounts/user/lone',
        ['email', 'first_name', 'last_name', 'password', 'groups', 'current_dc', 'dc_bound', 'dc'],
        () => ({ dc_bound: true }),
      ],
      ['PUT', '/accounts/user/lone/apikeys', ['api_key', 'callback_key']],
      [
        'POST',
        '/accounts/group/new',
        ['alias', 'permissions', 'users', 'dc_bound', 'dc'],
        () => ({ dc_bound: true }),
      ],
      ['POST', '/dc/newdc', ['site', 'owner', 'access', 'desc'], () => ({ site: 'a.b', access: 'x' })],
      ['PUT', '/dc/acme', ['alias', 'site', 'owner', 'access', 'desc']],
      [
        'PUT',
        '/dc/main/settings',
        [
          'VMS_IMAGE_VM',
          'VMS_IMAGE_VM_NIC',
          'VMS_IMAGE_SOURCES',
          'VMS_IMAGE_REPOSITORIES',
          'VMS_IMAGE_LIMIT',
          'API_LOG_USER_CALLBACK',
        ],
      ],
      ['PUT', '/node/node01/define', ['status']],
      ['PUT', '/dc/acme/vm/web01/status/start', ['force', 'cb_url', 'dc']],
      ['PUT', '/imagestore', ['dc']],
      ['POST', '/imagestore/x/image/5b2c1f4e-6a56-4b0e-9d41-3f1a7c0a9d10', ['name', 'dc']],
    ]
    for (const [method, path, keys, base] of places)
      test(`${method} ${path}`, async () => {
        const faults: string[] = []
        for (const key of keys)
          for (const [what, value] of values) {
            const rest = JSON.stringify(base?.() ?? {}).slice(1)
            const first = rest === '}' ? '' : `${rest.slice(0, -1)},`
            const body = `{${first}${JSON.stringify(key)}:${value}}`
            const { status, text } = await world.ask(method, path, {
              body,
              headers: { 'content-type': 'application/json' },
            })
            if (status >= 500) faults.push(`${key} ${what}: ${status} ${text.slice(0, 100)}`)
          }
        assert.deepEqual(faults, [])
      })

    const queries = [
      `/image?order_by=${many}`,
      `/image?full=1&order_by=${many}`,
      `/image?order_by=${Array.from({ length: 1500 }, () => 'created').join(',')}`,
      `/accounts/user?order_by=${many.replaceAll('name', 'created')}`.slice(0, 15000),
      `/accounts/user?full=1&order_by=${Array.from({ length: 1500 }, () => 'username').join(',')}`,
      `/accounts/group?order_by=${many}`,
      `/dc?order_by=${many}`,
      `/dc?full=1&order_by=${many}`,
      `/vm?dc=acme&order_by=${Array.from({ length: 1500 }, () => 'hostname').join(',')}`,
      `/dc/acme/vm/web01/snapshot?order_by=${many}`,
      '/dc/acme/vm/web01/snapshot?disk_id=9007199254740991',
      '/dc/acme/vm/web01/snapshot?type=9007199254740991',
      '/dc/acme/vm/web01/snapshot?disk_id=-9007199254740991',
      '/dc/acme/vm/web01/snapshot/s1?disk_id=9007199254740991',
      '/task/log?page=9007199254740991',
      '/task/log?page=99999999999999999999',
      '/task/log?page=1&date_from=9999-12-31&date_to=9999-12-31',
      '/task/log?page=1&date_to=0001-01-01',
      '/task/log?page=1&object_type=image&object_name=%00',
      '/task/log?page=1&object_type=image&object_name=%ff',
      `/task/log?page=1&object_type=image&object_name=${'%25'.repeat(4000)}`,
      `/task/log?page=1&object_type=image&object_name=${'%5C'.repeat(4000)}`,
      '/task/log/stats?last=9007199254740991',
      '/task/log/stats?last=99999999999',
      '/task/log/stats?last=%00',
      '/task/1e1u9007199254740991-6f75849b-8f1b-4c5e-9f2a/status',
      '/task/9007199254740991e1u1-6f75849b-8f1b-4c5e-9f2a',
      '/task/1e9007199254740991u1-6f75849b-8f1b-4c5e-9f2a/done',
      '/task/1e1u1-ffffffff-ffff-ffff-ffff/status',
      '/image?dc=%00',
      '/vm?dc=%00',
      '/vm?dc=%ed%a0%80',
      '/task?dc=%00',
      '/dc/acme/vm/a%00b',
      '/image/%00',
      '/image/__proto__',
      '/dc/constructor',
      '/imagestore/__proto__',
      '/imagestore/constructor/image',
      '/accounts/user/__proto__',
      `/image/${'a'.repeat(5000)}`,
      '/dc/acme/vm/web01/define/disk/999999',
      '/node/__proto__',
      '/image?full=%00',
      '/imagestore/_imageport/image/5b2c1f4e-6a56-4b0e-9d41-3f1a7c0a9d10',
      '/dc/acme/image?order_by=name,name',
      '/dc/acme/group?order_by=name,name',
    ]
    for (const path of queries)
      test(`GET ${path.slice(0, 80)}`, async () => {
        const { status, text } = await world.ask('GET', path)
        assert.ok(status < 500 && status > 0, `${status} ${text.slice(0, 200)}`)
      })
    for (const path of queries.filter((each) => each.startsWith('/task/1e') || each.startsWith('/task/9')))
      test(`cancelling ${path}`, async () => {
        const { status, text } = await world.ask('PUT', path.replace(/\/(status|done)$/, '/cancel'))
        assert.ok(status < 500, `${status} ${text.slice(0, 200)}`)
      })

    const long = () => randomBytes(6000).toString('base64')
    const manifests: [string, object | string][] = [
      ['NUL in name', { name: 'a\0b' }],
      ['NUL in version', { version: 'a\0' }],
      ['NUL in description', { description: 'a\0b' }],
      ['NUL elsewhere', { homepage: 'x\0' }],
      ['half character', { homepage: 'x\ud800' }],
      ['half character key', { 'x\udc00': 1 }],
      ['NUL tag', { tags: { 'a\0': 'b\0' } }],
      ['tags text', { tags: 'abc' }],
      ['tags number', { tags: 5 }],
      ['tags null', { tags: null }],
      ['tags array', { tags: ['a', 'b'] }],
      ['tags true', { tags: true }],
      ['billing_tags text', { billing_tags: 'abc' }],
      ['billing_tags object', { billing_tags: { a: 'b' } }],
      ['channels 5', { channels: 5 }],
      ['channels text', { channels: 'dev' }],
      ['channels object', { channels: { a: 'dev' } }],
      ['origin object', { origin: {} }],
      ['origin number', { origin: 5 }],
      ['origin array', { origin: ['x'] }],
      ['origin text', { origin: 'nothing' }],
      ['long tag', { tags: { [long()]: 'v' } }],
      ['long tag value', { tags: { a: long() } }],
      ['long billing tag', { billing_tags: [long()] }],
      ['long channel', { channels: [long()] }],
      ['long origin', { origin: long() }],
      ['many tags', { tags: Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, 'v'])) }],
      ['number tags', { tags: { a: 1e308, b: 5e-324, c: 0.1, d: [1], e: { f: 1 } } }],
      ['long os', { os: long() }],
      ['NUL os', { os: 'l\0' }],
      ['long type', { type: long() }],
      ['NUL type', { type: 'z\0' }],
      ['published', { published_at: 'never' }],
      ['published far', { published_at: '9999-12-31T23:59:59.999Z' }],
      ['proto', `PROTO`],
      ['owner', { owner: 'a\0' }],
      ['acl', { acl: 'x' }],
      ['requirements', { requirements: 'x' }],
      ['users', { users: 5 }],
      ['image_size', { image_size: 2147483647 }],
      ['long version', { version: long() }],
      ['long name', { name: long() }],
      ['empty', { name: '', version: '' }],
      ['emoji', { name: '🦊', description: '🦊'.repeat(200) }],
    ]
    let count = 0
    for (const [what, facts] of manifests)
      test(`a manifest with ${what}`, async () => {
        const { manifestUrl } =
          typeof facts === 'string'
            ? repository.add({
                uuid: '00000000-0000-4000-8000-00000000abcd',
                text: '{"v":2,"uuid":"00000000-0000-4000-8000-00000000abcd","version":"1","name":"x","type":"zvol","os":"linux","files":[{"sha1":"8843d7f92416211de9ebb963ff4ce28125932878","size":5}],"__proto__":{"a":1},"tags":{"__proto__":"x","constructor":"y"}}',
              })
            : repository.add({ facts: facts as Record<string, unknown> })
        const handle = `m${++count}`
        const reply = await world.ask('POST', `/image/${handle}`, {
          json: { manifest_url: manifestUrl, dc: 'acme', desc: 'x', tags: [] },
        })
        assert.ok(reply.status < 500, `${reply.status} ${reply.text.slice(0, 200)}`)
        if (reply.status === 201) {
          const task = await world.ended(reply.body.task_id)
          const full = await world.ask('GET', `/image/${handle}`)
          assert.ok(full.status < 500, full.text)
          if (task.failure?.includes('internal')) assert.fail(task.failure)
          const list = await world.ask('GET', '/image?full=1')
          assert.ok(list.status < 500 && list.body, list.text.slice(0, 200))
          const store = await world.ask('GET', '/imagestore/_imageport/image?full=1')
          assert.ok(store.status < 500 && store.body, store.text.slice(0, 200))
        }
      })
  })
