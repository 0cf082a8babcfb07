import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { systemActor } from '../../../src/catalogue/actor.ts'
import type { ImageDraft } from '../../../src/catalogue/images/draft.ts'
import { parseInstant } from '../../../src/catalogue/time.ts'
import { forEachDatabase } from '../../support/databases.ts'
import { type Person, startWorld, unknown, type World } from './world.ts'

const at = (text: string) => parseInstant(text)!
const numbered = (count: number) => Array.from({ length: count }, (_, n) => `n${n}`)

forEachDatabase((_engine, _open, freshUrl) => {
  let world: World
  const ids: Record<string, string> = {}

  async function make(key: string, draft: ImageDraft, bytes?: string): Promise<void> {
    const { uuid } = await world.image({ name: key, ...draft }, bytes)
    ids[key] = uuid
  }

  before(async () => {
    world = await startWorld({ databaseUrl: await freshUrl() })
    const day = (n: number) => ({
      createdAt: at(`2020-01-${String(n).padStart(2, '0')}T10:00:00.5Z`),
      updatedAt: at(`2020-01-${String(n).padStart(2, '0')}T10:00:00.5Z`),
    })
    await make('own-private', { visibility: 'private', ...day(1), tags: ['web', 'db'], minRam: 512 }, '12345')
    await make('own-shared', {
      visibility: 'shared',
      ...day(2),
      tags: ['web'],
      diskFormat: 'iso',
      minDisk: 10,
    })
    await make('own-community', {
      visibility: 'community',
      ...day(3),
      properties: { os_distro: 'debian', k: '', constructor: '5' },
    })
    await make('own-hidden', { visibility: 'private', hidden: true, ...day(4) })
    await make('own-protected', { visibility: 'private', protected: true, ...day(5), containerFormat: 'ovf' })
    await make('public', { visibility: 'public', ownerId: 3, ...day(6) }, '1234567')
    await make('foreign-private', { visibility: 'private', ownerId: 3, ...day(7) })
    await make('foreign-community', { visibility: 'community', ownerId: 3, ...day(8) })
    for (const [key, n] of [
      ['pending', 9],
      ['accepted', 10],
      ['rejected', 11],
    ] as const) {
      await make(key, { visibility: 'shared', ownerId: 3, ...day(n) })
      await world.catalogue.members.add(systemActor, ids[key]!, 2)
      await world.catalogue.members.decide(systemActor, ids[key]!, 2, key)
    }
    await make('ns:1,"x"', { visibility: 'private', ...day(12), properties: { foo: 'in:a,b' } })
    await make('killed', { visibility: 'private', ...day(13) })
    await world.core.database.db
      .updateTable('images')
      .set({ status: 'killed' })
      .where('uuid', '=', ids.killed!)
      .execute()
  })
  after(() => world.close())

  const defaults = [
    'ns:1,"x"',
    'accepted',
    'public',
    'own-protected',
    'own-community',
    'own-shared',
    'own-private',
  ]

  async function names(query: string, as: Person = 'eva'): Promise<string[]> {
    const { body } = await world.expect('GET', `/images${query}`, { as }, 200)
    return body.images.map(({ name }: { name: string }) => name)
  }

  describe('who sees what (6.2)', () => {
    const rows: readonly (readonly [string, Person, readonly string[]])[] = [
      ['', 'eva', defaults],
      ['', 'rita', defaults],
      ['', 'omar', ['rejected', 'accepted', 'pending', 'foreign-community', 'foreign-private', 'public']],
      ['?visibility=public', 'eva', ['public']],
      ['?visibility=private', 'eva', ['ns:1,"x"', 'own-protected', 'own-private']],
      ['?visibility=shared', 'eva', ['accepted', 'own-shared']],
      ['?visibility=community', 'eva', ['foreign-community', 'own-community']],
      [
        '?visibility=all',
        'eva',
        [
          'ns:1,"x"',
          'accepted',
          'foreign-community',
          'public',
          'own-protected',
          'own-community',
          'own-shared',
          'own-private',
        ],
      ],
      ['?visibility=', 'eva', []],
      [
        '?member_status=pending',
        'eva',
        ['ns:1,"x"', 'pending', 'public', 'own-protected', 'own-community', 'own-shared', 'own-private'],
      ],
      ['?member_status=rejected&visibility=shared', 'eva', ['rejected', 'own-shared']],
      ['?member_status=all&visibility=shared', 'eva', ['rejected', 'accepted', 'pending', 'own-shared']],
      ['?os_hidden=true', 'eva', ['own-hidden']],
      ['?os_hidden=True', 'eva', ['own-hidden']],
      ['?os_hidden=false', 'eva', defaults],
      ['?os_hidden=true', 'omar', []],
      // An administrator sees everything but what others gave to the community.
      [
        '?limit=100',
        'root',
        [
          'ns:1,"x"',
          'rejected',
          'accepted',
          'pending',
          'foreign-private',
          'public',
          'own-protected',
          'own-shared',
          'own-private',
        ],
      ],
      ['?visibility=community', 'root', ['foreign-community', 'own-community']],
      ['?visibility=all&tag=web', 'root', ['own-shared', 'own-private']],
    ]
    for (const [query, as, expected] of rows)
      test(`${as} ${query}`, async () => assert.deepEqual(await names(query, as), expected))
  })

  describe('filters (6.3)', () => {
    const rows: readonly (readonly [string, readonly string[]])[] = [
      ['?name=own-private', ['own-private']],
      ['?name=Own-Private', []],
      ['?name=eq:own-private', ['own-private']],
      ['?name=in:own-private,public,nothing', ['public', 'own-private']],
      ['?name=eq:ns:1,"x"', ['ns:1,"x"']],
      ['?name=in:"ns:1,\\"x\\"",public', ['ns:1,"x"', 'public']],
      ['?name=', []],
      ['?name=in:"own-private",Public', ['own-private']],
      [`?name=in:${numbered(900)},own-private`, ['own-private']],
      [`?id=in:ID,${unknown}`, ['own-private']],
      ['?id=in:nonsense,more', []],
      ['?id=ID', ['own-private']],
      ['?id=nonsense', []],
      ['?status=active', ['public', 'own-private']],
      ['?status=in:active,queued', defaults],
      ['?status=unheard', []],
      ['?status=killed', []],
      ['?disk_format=iso', ['own-shared']],
      ['?disk_format=in:iso,vmdk', ['own-shared']],
      ['?container_format=ovf', ['own-protected']],
      ['?tag=web', ['own-shared', 'own-private']],
      ['?tag=web&tag=db', ['own-private']],
      ['?tag=nothing', []],
      ['?size_min=6', ['public']],
      ['?size_max=6', ['own-private']],
      ['?size_min=5&size_max=7', ['public', 'own-private']],
      ['?size=5', ['own-private']],
      ['?size_min=99999999999999999999', []],
      ['?min_ram=512', ['own-private']],
      ['?min_ram_min=1', ['own-private']],
      ['?min_disk_max=9&min_disk_min=0&name=own-shared', []],
      ['?min_disk=10', ['own-shared']],
      ['?virtual_size=7', ['public']],
      ['?virtual_size_min=6', ['public']],
      ['?created_at=2020-01-02T10:00:00Z', ['own-shared']],
      ['?created_at=eq:2020-01-02T12:00:00%2B02:00', ['own-shared']],
      ['?created_at=lt:2020-01-02T10:00:00Z', ['own-private']],
      ['?created_at=lte:2020-01-02T10:00:00Z', ['own-shared', 'own-private']],
      ['?created_at=gt:2020-01-10T10:00:00Z', ['ns:1,"x"']],
      ['?created_at=gte:2020-01-10T10:00:00Z', ['ns:1,"x"', 'accepted']],
      ['?created_at=neq:2020-01-02T10:00:00Z&visibility=shared', ['accepted']],
      ['?updated_at=lt:2020-01-02T09:59:59Z&name=own-shared', []],
      ['?protected=true', ['own-protected']],
      ['?protected=True', ['own-protected']],
      ['?protected=false&visibility=private', ['ns:1,"x"', 'own-private']],
      ['?checksum=827ccb0eea8a706c4c34a16891f84e7b', ['own-private']],
      ['?os_hash_value=SHA', ['own-private']],
      ['?os_distro=debian', ['own-community']],
      ['?k=', ['own-community']],
      ['?foo=in:a,b', ['ns:1,"x"']],
      ['?foo=in%3Aa%2Cb', ['ns:1,"x"']],
      ['?is_public=true', []],
      // Names that every object has are names of properties like any other.
      ['?constructor=5', ['own-community']],
      ['?constructor=x', []],
      ['?__proto__=5', []],
      ['?toString_min=5', []],
      ['?deleted=true', defaults],
      ['?owner=ACME', ['ns:1,"x"', 'own-protected', 'own-community', 'own-shared', 'own-private']],
      ['?owner=OTHER', ['accepted', 'public']],
      ['?owner=nobody', []],
      ['?name=own-private&tag=web&status=active', ['own-private']],
    ]
    for (const [query, expected] of rows)
      test(query, async () => {
        const { body } = await world.ask('GET', `/images/${ids['own-private']}`, { as: 'eva' })
        const asked = query
          .replace('ID', ids['own-private']!)
          .replace('SHA', body.os_hash_value)
          .replace('ACME', world.projects.acme)
          .replace('OTHER', world.projects.other)
        assert.deepEqual(await names(asked), expected)
      })

    const refusals: readonly (readonly [string, string])[] = [
      ['?name=foo:bar', "Unable to filter by unknown operator 'foo'."],
      ['?status=neq:active', "Unable to filter by unknown operator 'neq'."],
      ['?name=in:"a', 'The quote is not closed.'],
      ['?name=in:"a\\"', 'The quote is not closed.'],
      [`?name=in:${numbered(1001)}`, 'A filter may have at most 1000 values.'],
      ['?name=in:a"b",c', 'There is no comma before opening quotation mark.'],
      ['?name=in:"a"b', 'There is no comma after closing quotation mark.'],
      ['?visibility=secret', 'Invalid visibility value: secret'],
      ['?member_status=maybe', 'Invalid status: maybe'],
      ['?size_min=x', 'Unable to filter on a range with a non-numeric value.'],
      ['?min_ram_max=1.5', 'Unable to filter on a range with a non-numeric value.'],
      ['?size=x', 'non-numeric'],
      ['?created_at=yesterday', 'Bad "created_at" query filter format. Use ISO 8601 DateTime notation.'],
      ['?updated_at=gt:never', 'Bad "updated_at" query filter format. Use ISO 8601 DateTime notation.'],
      ['?created_at=about:2020-01-01T00:00:00Z', 'Unable to filter on a unknown operator.'],
      ['?os_hidden=maybe', 'os_hidden'],
      ['?protected=maybe', 'protected'],
      ['?changes-since=2020-01-01T00:00:00Z', 'no longer available'],
      ['?locations=x', 'locations'],
      ['?members=x', 'members'],
      ['?properties=x', 'properties'],
      ['?limit=x', 'limit param must be an integer'],
      ['?limit=-1', 'limit param must be positive'],
      ['?limit=', 'limit param must be an integer'],
      [`?marker=${unknown}`, `No image found with ID ${unknown}`],
      ['?marker=nonsense', 'No image found with ID nonsense'],
      ['?sort_key=secret', 'Invalid sort key: secret. It must be one of the following: '],
      ['?sort_key=min_ram', 'Invalid sort key: min_ram.'],
      ['?sort_dir=up', 'Invalid sort direction: up'],
      ['?sort=name:up', 'Invalid sort direction: up'],
      ['?sort=name:asc:desc', 'Invalid sort direction: asc:desc'],
      ['?sort=', 'Invalid sort key: .'],
      ['?sort=name:asc,', 'Invalid sort key: .'],
      ['?sort=name&sort_dir=asc', 'Old and new sorting syntax cannot be combined'],
      [
        '?sort_key=name&sort_key=size&sort_key=id&sort_dir=asc&sort_dir=desc',
        'Number of sort dirs does not match the number of sort keys',
      ],
      [`?${Array.from({ length: 600 }, (_, n) => `p${n}=v`).join('&')}`, 'too many conditions'],
    ]
    for (const [query, text] of refusals)
      test(`${query.slice(0, 60)} is refused`, async () => {
        await world.expect('GET', `/images${query}`, { as: 'eva' }, 400, text)
      })

    test('a marker that the caller cannot see', async () => {
      await world.expect(
        'GET',
        `/images?marker=${ids['foreign-private']}`,
        { as: 'eva' },
        400,
        'No image found',
      )
    })

    test('a body is not looked at', async () => {
      const response = await world.app.inject({
        method: 'GET',
        url: '/v2/images',
        headers: { 'x-auth-token': world.tokens.eva, 'content-type': 'application/json' },
        payload: '{"x":',
      })
      assert.equal(response.statusCode, 200)
    })
  })

  describe('order (6.4)', () => {
    const own = '&owner=ACME'
    const rows: readonly (readonly [string, readonly string[]])[] = [
      ['?sort_key=name', ['own-shared', 'own-protected', 'own-private', 'own-community', 'ns:1,"x"']],
      [
        '?sort_key=name&sort_dir=asc',
        ['ns:1,"x"', 'own-community', 'own-private', 'own-protected', 'own-shared'],
      ],
      ['?sort=name:asc', ['ns:1,"x"', 'own-community', 'own-private', 'own-protected', 'own-shared']],
      ['?sort=name', ['own-shared', 'own-protected', 'own-private', 'own-community', 'ns:1,"x"']],
      ['?sort_dir=asc', ['own-private', 'own-shared', 'own-community', 'own-protected', 'ns:1,"x"']],
      // What has no size comes first ascending.
      [
        '?sort=size:asc,name:asc',
        ['ns:1,"x"', 'own-community', 'own-protected', 'own-shared', 'own-private'],
      ],
      [
        '?sort=size:desc,name:asc',
        ['own-private', 'ns:1,"x"', 'own-community', 'own-protected', 'own-shared'],
      ],
      [
        '?sort=disk_format:asc,container_format:desc',
        ['own-shared', 'own-protected', 'ns:1,"x"', 'own-community', 'own-private'],
      ],
      [
        '?sort_key=status&sort_key=name&sort_dir=asc&sort_dir=desc',
        ['own-private', 'own-shared', 'own-protected', 'own-community', 'ns:1,"x"'],
      ],
      [
        '?sort_key=updated_at&sort_dir=desc',
        ['own-private', 'ns:1,"x"', 'own-protected', 'own-community', 'own-shared'],
      ],
    ]
    for (const [query, expected] of rows)
      test(query, async () => {
        const asked = `${query}${own}`.replace('ACME', world.projects.acme)
        assert.deepEqual(await names(asked), expected)
      })
  })

  describe('pages (6.1)', () => {
    test('links keep the query, and lead through everything in any order', async () => {
      for (const query of [
        '',
        'sort=name:asc&',
        'sort=size:asc&',
        'sort=size:desc&',
        'sort=disk_format:desc,status:asc&',
        'sort=status:asc,size:desc,name:desc&',
        'sort_dir=asc&',
        'sort_key=id&sort_dir=asc&',
        'sort_key=name&sort_key=size&sort_dir=asc&sort_dir=desc&',
      ]) {
        const whole = await names(`?${query}limit=100`)
        assert.equal(whole.length, defaults.length)
        const walked: string[] = []
        let path = `/v2/images?${query}limit=2`
        while (path) {
          const { body } = await world.expect('GET', `/${path}`, { as: 'eva' }, 200)
          assert.equal(body.first, `/v2/images?${query.replaceAll(':', '%3A').replaceAll(',', '%2C')}limit=2`)
          walked.push(...body.images.map(({ name }: { name: string }) => name))
          path = body.next
        }
        assert.deepEqual(walked, whole, query)
      }
    })

    test('the last full page has no next one', async () => {
      const { body } = await world.expect('GET', `/images?limit=${defaults.length}`, { as: 'eva' }, 200)
      assert.deepEqual(Object.keys(body), ['images', 'first', 'schema'])
    })

    test('repeated parameters and odd characters stay', async () => {
      const { body } = await world.expect(
        'GET',
        '/images?tag=web&tag=a%26b%20%D1%8F&limit=5',
        { as: 'eva' },
        200,
      )
      assert.equal(body.first, '/v2/images?tag=web&tag=a%26b%20%D1%8F&limit=5')
    })

    test('nothing is asked for by a limit of 0, and everything by a large one', async () => {
      const { body } = await world.expect('GET', '/images?limit=0', { as: 'eva' }, 200)
      assert.deepEqual(body, { images: [], first: '/v2/images?limit=0', schema: '/v2/schemas/images' })
      assert.deepEqual(await names('?limit=999999'), defaults)
    })

    test('the marker need not match the filters', async () => {
      assert.deepEqual(await names(`?tag=web&marker=${ids.accepted}`), ['own-shared', 'own-private'])
    })

    test('a page holds 25', async () => {
      for (let n = 0; n < 26; n++) await world.image({ name: `many-${n}`, ownerId: 1, visibility: 'private' })
      const { body } = await world.expect('GET', `/images?owner=${world.projects.main}`, { as: 'root' }, 200)
      assert.equal(body.images.length, 25)
      assert.ok(body.next)
    })
  })
})
