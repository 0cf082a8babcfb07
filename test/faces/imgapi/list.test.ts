import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { systemActor } from '../../../src/catalogue/actor.ts'
import { toRow } from '../../../src/catalogue/images/row.ts'
import { forEachDatabase } from '../../support/databases.ts'
import { type Ask, startWorld, unknown, type World, zeroUuid } from './world.ts'

type Manifest = { readonly uuid: string; readonly name: string; readonly published_at?: string }

forEachDatabase((engine, _open, freshUrl) => {
  let world: World
  before(async () => {
    world = await startWorld({ databaseUrl: engine === 'sqlite' ? 'sqlite::memory:' : await freshUrl() })
    const { publish, expect, image } = world
    await publish('keeper', {
      name: 'ubuntu-22.04',
      version: '20240101',
      public: true,
      os: 'linux',
      tags: { role: 'os', number: 1, flag: true },
      billing_tags: ['gold', 'large'],
    })
    await publish('keeper', {
      name: 'Windows-2022',
      version: '1.2.3',
      public: true,
      type: 'zvol',
      os: 'windows',
      nic_driver: 'virtio',
      disk_driver: 'virtio',
      cpu_type: 'host',
      image_size: 10_240,
      tags: { role: 'os', erigones: ['web'], resize: true },
      billing_tags: ['gold'],
    })
    await publish('eva', { name: 'private-of-acme', tags: { role: 'db' } })
    await publish('omar', { name: 'private-of-other' })
    await publish('omar', { name: 'shared-with-acme', acl: [world.accounts.acme] })
    const disabled = await publish('keeper', { name: 'disabled', public: true })
    await expect('POST', `/images/${disabled.uuid}?action=disable`, { as: 'keeper' }, 200)
    await expect('POST', '/images', { as: 'eva', json: { ...described, name: 'unactivated' } }, 200)
    await image({ name: 'hidden', visibility: 'public', hidden: true }, 'hidden')
    await image({ name: 'external', external: true, visibility: 'public' })
    await image(
      { name: 'Other face (1)', visibility: 'public', properties: { os_distro: 'freebsd14' } },
      'bsd',
    )
  })
  after(() => world.close())

  async function names(query: string, ask: Ask = {}): Promise<readonly string[]> {
    const { body } = await world.expect('GET', `/images${query}`, ask, 200)
    return body.map(({ name }: Manifest) => name)
  }

  test('what is listed to whom', async () => {
    const everybody = ['ubuntu-22.04', 'Windows-2022', 'Other face -1-']
    const { acme, other } = world.accounts
    const all = [
      'ubuntu-22.04',
      'Windows-2022',
      'private-of-acme',
      'private-of-other',
      'shared-with-acme',
      'hidden',
      'Other face -1-',
    ]
    const cases: readonly [query: string, ask: Ask, names: readonly string[]][] = [
      ['', {}, everybody],
      ['/', {}, everybody],
      ['?state=all', {}, everybody],
      ['?state=active', {}, everybody],
      ['?state=disabled', {}, []],
      ['?state=unactivated', {}, []],
      ['?public=false', {}, []],
      ['', { as: 'lone' }, everybody],
      [
        '',
        { as: 'eva' },
        ['ubuntu-22.04', 'Windows-2022', 'private-of-acme', 'shared-with-acme', 'hidden', 'Other face -1-'],
      ],
      [
        '',
        { as: 'omar' },
        ['ubuntu-22.04', 'Windows-2022', 'private-of-other', 'shared-with-acme', 'Other face -1-'],
      ],
      ['', { as: 'boss' }, all],
      [
        `?account=${other}`,
        { as: 'boss' },
        ['ubuntu-22.04', 'Windows-2022', 'private-of-other', 'shared-with-acme', 'Other face -1-'],
      ],
      [
        `?account=${acme}&state=all`,
        { as: 'boss' },
        [
          'ubuntu-22.04',
          'Windows-2022',
          'private-of-acme',
          'shared-with-acme',
          'disabled',
          'hidden',
          'Other face -1-',
          'unactivated',
        ],
      ],
      [`?account=${acme}&state=unactivated`, { as: 'boss' }, ['unactivated']],
      [`?account=${other}&state=unactivated`, { as: 'boss' }, []],
      [`?owner=${acme}&public=false`, { as: 'boss' }, ['private-of-acme']],
      [`?owner=${unknown}`, { as: 'boss' }, []],
      [`?owner=${acme}`, {}, []],
      [`?owner=${zeroUuid}`, {}, everybody],
      ['?state=disabled', { as: 'lone' }, ['disabled']],
      ['?state=unactivated', { as: 'eva' }, ['unactivated']],
      ['?state=unactivated', { as: 'omar' }, []],
      ['?state=creating', { as: 'eva' }, []],
      ['?state=failed', { as: 'eva' }, []],
      [
        '?state=all',
        { as: 'eva' },
        [
          'ubuntu-22.04',
          'Windows-2022',
          'private-of-acme',
          'shared-with-acme',
          'disabled',
          'hidden',
          'Other face -1-',
          'unactivated',
        ],
      ],
    ]
    for (const [query, ask, expected] of cases)
      assert.deepEqual([query, ask.as, await names(query, ask)], [query, ask.as, expected])
  })

  test('filters', async () => {
    const cases: readonly [query: string, names: readonly string[]][] = [
      ['?name=ubuntu-22.04', ['ubuntu-22.04']],
      ['?name=Ubuntu-22.04', []],
      ['?name=~buntu', ['ubuntu-22.04']],
      ['?name=~Buntu', []],
      ['?name=~u', ['ubuntu-22.04']],
      ['?name=~2', ['ubuntu-22.04', 'Windows-2022']],
      ['?name=~%25', []],
      ['?name=~', ['ubuntu-22.04', 'Windows-2022', 'Other face -1-']],
      ['?name=Other+face+-1-', ['Other face -1-']],
      ['?name=Other+face+(1)', []],
      ['?name=~face+-1-', ['Other face -1-']],
      ['?name=~(1)', []],
      ['?name=~-', ['ubuntu-22.04', 'Windows-2022', 'Other face -1-']],
      ['?version=1.2.3', ['Windows-2022']],
      ['?version=~.2', ['Windows-2022']],
      ['?version=1.0', ['Other face -1-']],
      ['?version=~1.', ['Windows-2022', 'Other face -1-']],
      ['?os=windows', ['Windows-2022']],
      ['?os=bsd', ['Other face -1-']],
      ['?type=zvol', ['Windows-2022']],
      ['?type=!zvol', ['ubuntu-22.04', 'Other face -1-']],
      ['?tag.role=os', ['ubuntu-22.04', 'Windows-2022']],
      ['?tag.role=os&tag.number=1', ['ubuntu-22.04']],
      ['?tag.flag=true', ['ubuntu-22.04']],
      ['?tag.flag=false', []],
      ['?tag.erigones=web', ['Windows-2022']],
      ['?tag.resize=true', ['Windows-2022']],
      ['?tag.resize=false', []],
      ['?tag.internal=false', ['Windows-2022']],
      ["?tag.role=os'--", []],
      ['?billing_tag=gold', ['ubuntu-22.04', 'Windows-2022']],
      ['?billing_tag=gold&billing_tag=large', ['ubuntu-22.04']],
      ['?public=true', ['ubuntu-22.04', 'Windows-2022', 'Other face -1-']],
      ['?sort=published_at', ['ubuntu-22.04', 'Windows-2022', 'Other face -1-']],
      ['?sort=published_at.desc', ['Other face -1-', 'Windows-2022', 'ubuntu-22.04']],
      ['?limit=2', ['ubuntu-22.04', 'Windows-2022']],
      ['?limit=1&sort=published_at.desc', ['Other face -1-']],
      ['?marker=2000-01-01', ['ubuntu-22.04', 'Windows-2022', 'Other face -1-']],
      ['?marker=2900-01-01T00:00:00Z', []],
      ['?surprise=1&inclAdminFields=false', ['ubuntu-22.04', 'Windows-2022', 'Other face -1-']],
    ]
    for (const [query, expected] of cases) assert.deepEqual([query, await names(query)], [query, expected])
  })

  test('what cannot be asked', async () => {
    const cases: readonly [query: string, status: number, code: string, field?: string][] = [
      ['?state=sleeping', 422, 'InvalidParameter', 'state'],
      ['?state=constructor', 422, 'InvalidParameter', 'state'],
      ['?limit=x', 422, 'InvalidParameter', 'limit'],
      ['?limit=0', 422, 'InvalidParameter', 'limit'],
      ['?limit=1001', 422, 'InvalidParameter', 'limit'],
      ['?marker=garbage', 422, 'InvalidParameter', 'marker'],
      [`?marker=${unknown}`, 404, 'ResourceNotFound'],
      ['?sort=name', 422, 'InvalidParameter', 'sort'],
      ['?sort=published_at.up', 422, 'InvalidParameter', 'sort'],
      ['?public=maybe', 422, 'InvalidParameter', 'public'],
      ['?owner=x', 422, 'InvalidParameter', 'owner'],
      ['?account=x', 422, 'InvalidParameter', 'account'],
      [`?account=${unknown}`, 422, 'InvalidParameter', 'account'],
      ['?inclAdminFields=true', 401, 'UnauthorizedError'],
    ]
    for (const [query, status, code, field] of cases) {
      const { body } = await world.expect('GET', `/images${query}`, {}, status, code)
      assert.equal(body.errors?.[0].field, field, query)
    }
    const strange = `/images?account=${world.accounts.other}`
    await world.expect('GET', strange, { as: 'eva' }, 422, 'AccountDoesNotExist')
    await world.expect('GET', `/images?account=${unknown}`, { as: 'boss' }, 422, 'AccountDoesNotExist')
    await world.expect('GET', '/images?inclAdminFields=true', { as: 'eva' }, 200)
  })

  test('a marker is inclusive in both directions, and images without a date come last', async () => {
    const { body } = await world.expect('GET', '/images', {}, 200)
    const [first, second, third] = body as readonly Manifest[]
    const uuids = async (query: string, ask: Ask = {}) =>
      (await world.expect('GET', `/images${query}`, ask, 200)).body.map(({ uuid }: Manifest) => uuid)
    assert.deepEqual(await uuids(`?marker=${second!.uuid}`), [second!.uuid, third!.uuid])
    assert.deepEqual(await uuids(`?marker=${second!.uuid}&limit=1`), [second!.uuid])
    assert.deepEqual(await uuids(`?marker=${second!.uuid}&sort=published_at.desc`), [
      second!.uuid,
      first!.uuid,
    ])
    assert.deepEqual(await uuids(`?marker=${second!.published_at}`), [second!.uuid, third!.uuid])
    assert.deepEqual(await uuids(`?marker=${second!.published_at}&sort=published_at.desc`), [
      second!.uuid,
      first!.uuid,
    ])
    const all = await uuids('?state=all', { as: 'eva' })
    const last = all.at(-1)
    assert.deepEqual(await uuids(`?state=all&marker=${last}`, { as: 'eva' }), [last])
    assert.equal((await uuids('?state=all&sort=published_at.desc', { as: 'eva' })).at(-1), last)
  })

  test('characters that no database keeps are no fault', async () => {
    const odd = { 'a\0b': 'x\0y', half: '\ud800', ok: '😀' }
    const json = { ...described, tags: odd, billing_tags: ['g\0'], users: [{ name: 'root', note: '\udc00' }] }
    const { body } = await world.expect('POST', '/images', { as: 'eva', json }, 200)
    assert.deepEqual(body.tags, { ab: 'xy', half: '\ufffd', ok: '😀' })
    const name = encodeURIComponent('nothing\0')
    for (const query of [
      `name=${name}`,
      `name=~${name}`,
      `version=${name}`,
      `tag.a=${name}`,
      `tag.${name}=a`,
      `os=${name}`,
      `type=${name}`,
      `billing_tag=${name}`,
    ])
      await world.expect('GET', `/images?${query}`, {}, 422, 'ValidationFailed')
    await world.expect('DELETE', `/images/${body.uuid}`, { as: 'eva' }, 204)
  })

  test('more than 1000 images are paged as sdc-clients does it, each once', async () => {
    const { catalogue, core } = world
    const { seq: _seq, ...sample } = await catalogue.images.create(systemActor, {
      ownerId: 3,
      visibility: 'public',
    })
    const many = 2100
    await core.database.transaction(async (trx) => {
      for (let i = 0; i < many; i++) {
        const uuid = randomUUID()
        const facts = {
          uuid,
          handle: uuid.slice(0, 30),
          name: 'one-of-many',
          status: 'active' as const,
          // Many are published in one instant: the uuid has to tell them apart.
          publishedAt: Date.UTC(2001, 0, 1) * 1000 + Math.floor(i / 1500),
        }
        await trx
          .insertInto('images')
          .values(toRow({ ...sample, ...facts }))
          .execute()
      }
    })
    const found: Manifest[] = []
    let marker: string | undefined
    for (let page = 0; page < 10; page++) {
      const query = `?name=one-of-many&limit=1000${marker === undefined ? '' : `&marker=${marker}`}`
      const { body } = await world.expect('GET', `/images${query}`, {}, 200)
      found.push(...(body[0]?.uuid === marker ? body.slice(1) : body))
      if (body.length < 1000) break
      marker = body.at(-1).uuid
    }
    assert.equal(found.length, many)
    assert.equal(new Set(found.map(({ uuid }) => uuid)).size, many)
    const dates = found.map(({ published_at }) => published_at!)
    assert.deepEqual(dates, dates.toSorted())
  })
})

const described = { name: 'base', version: '1.0.0', type: 'other', os: 'linux' }
