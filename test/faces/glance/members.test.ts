import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { forEachDatabase } from '../../support/databases.ts'
import { type Person, startWorld, unknown, type World } from './world.ts'

const stranger = 'some-project-elsewhere'

forEachDatabase((_engine, _open, freshUrl) => {
  let world: World
  let other: string
  before(async () => {
    world = await startWorld({ databaseUrl: await freshUrl() })
    other = world.projects.other
  })
  after(() => world.close())

  const shared = async () => (await world.image({ visibility: 'shared' }, 'bytes')).uuid
  const share = (id: string, member: unknown, as: Person, status: number, text?: string) =>
    world.expect('POST', `/images/${id}/members`, { as, json: { member } }, status, text)
  const decide = (id: string, member: string, given: unknown, as: Person, status: number, text?: string) =>
    world.expect('PUT', `/images/${id}/members/${member}`, { as, json: { status: given } }, status, text)

  for (const [kind, member] of [
    ['a project', () => other],
    ['a project that is not known here', () => stranger],
  ] as const)
    describe(`sharing with ${kind} (section 10)`, () => {
      test('answers 200 with a pending member', async () => {
        const id = await shared()
        const { body } = await share(id, member(), 'eva', 200)
        const { created_at, updated_at, ...rest } = body
        assert.match(created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
        assert.equal(updated_at, created_at)
        assert.deepEqual(rest, {
          member_id: member(),
          image_id: id,
          status: 'pending',
          schema: '/v2/schemas/member',
        })
        const list = { members: [body], schema: '/v2/schemas/members' }
        for (const as of ['eva', 'rita', 'root'] as const) {
          await world.expect('GET', `/images/${id}/members`, { as }, 200, list)
          await world.expect('GET', `/images/${id}/members/${member()}`, { as }, 200, body)
        }
      })

      test('twice is a conflict', async () => {
        const id = await shared()
        await share(id, member(), 'eva', 200)
        await share(id, member(), 'eva', 409)
      })

      test('the owner cannot accept for it, an administrator can', async () => {
        const id = await shared()
        await share(id, member(), 'eva', 200)
        await decide(id, member(), 'accepted', 'eva', 403)
        const { body } = await decide(id, member(), 'accepted', 'root', 200)
        assert.equal(body.status, 'accepted')
        const seen = await world.expect('GET', `/images/${id}/members/${member()}`, { as: 'eva' }, 200)
        assert.deepEqual(seen.body, body)
      })

      test('ends', async () => {
        const id = await shared()
        await share(id, member(), 'eva', 200)
        for (const [as, status] of [
          ['rita', 403],
          ['eva', 204],
          ['eva', 404],
        ] as const)
          await world.expect('DELETE', `/images/${id}/members/${member()}`, { as }, status)
        const { body } = await world.expect('GET', `/images/${id}/members`, { as: 'eva' }, 200)
        assert.deepEqual(body.members, [])
      })
    })

  describe('who may what', () => {
    for (const [what, json] of [
      ['nothing', {}],
      ['an empty id', { member: '' }],
      ['a number', { member: 5 }],
      ['null', { member: null }],
      ['a list', { member: ['x'] }],
      ['a long id', { member: 'x'.repeat(256) }],
      ['a long id of characters of two units', { member: '😀'.repeat(256) }],
      ['half a character', { member: '\ud83d' }],
      ['NUL', { member: 'a\0b' }],
      ['a list instead of an object', []],
    ] as const)
      test(`${what} is no member`, async () => {
        await world.expect('POST', `/images/${await shared()}/members`, { as: 'eva', json }, 400)
      })

    test('any other text may be', async () => {
      const id = await shared()
      for (const member of ['😀'.repeat(255), 'a b', 'a/b', '<b>']) {
        const { body } = await share(id, member, 'eva', 200)
        assert.equal(body.member_id, member)
        const path = `/images/${id}/members/${encodeURIComponent(member)}`
        await world.expect('GET', path, { as: 'eva' }, 200, body)
        await world.expect('DELETE', path, { as: 'eva' }, 204)
      }
    })

    for (const visibility of ['private', 'public', 'community'] as const)
      test(`an image that is ${visibility} has no members`, async () => {
        const { uuid } = await world.image({ visibility })
        await share(uuid, other, 'eva', 403)
        await world.expect(
          'GET',
          `/images/${uuid}/members`,
          { as: 'eva' },
          403,
          'Only shared images have members.',
        )
        await world.expect('GET', `/images/${uuid}/members/${other}`, { as: 'eva' }, 404)
        await decide(uuid, other, 'accepted', 'eva', 403)
        await world.expect('DELETE', `/images/${uuid}/members/${other}`, { as: 'eva' }, 403)
      })

    test('for others there is no such image', async () => {
      const id = await shared()
      await share(id, stranger, 'omar', 404)
      await world.expect('GET', `/images/${id}/members`, { as: 'omar' }, 404)
      await world.expect('GET', `/images/${id}/members/${other}`, { as: 'omar' }, 404)
      await decide(id, other, 'accepted', 'omar', 404)
      await world.expect('DELETE', `/images/${id}/members/${other}`, { as: 'omar' }, 404)
      await world.expect('GET', `/images/${unknown}/members`, { as: 'eva' }, 404)
    })

    test('a member sees itself only, decides for itself only, and cannot leave', async () => {
      const id = await shared()
      await share(id, other, 'eva', 200)
      await share(id, world.projects.main, 'eva', 200)
      await share(id, stranger, 'eva', 200)
      const { body } = await world.expect('GET', `/images/${id}/members`, { as: 'omar' }, 200)
      assert.deepEqual(
        body.members.map((member: { member_id: string }) => member.member_id),
        [other],
      )
      await world.expect('GET', `/images/${id}/members/${other}`, { as: 'nora' }, 200)
      for (const member of [world.projects.main, stranger, 'nobody']) {
        await world.expect('GET', `/images/${id}/members/${member}`, { as: 'omar' }, 404)
        await decide(id, member, 'accepted', 'omar', 404)
      }
      await world.expect('DELETE', `/images/${id}/members/${other}`, { as: 'omar' }, 403)
      await share(id, 'x', 'omar', 403)
      await decide(id, other, 'accepted', 'nora', 403)
    })

    for (const [given, text] of [
      ['maybe', 'Status must be "pending", "accepted" or "rejected".'],
      [5, 'Status must be'],
      [null, 'Status must be'],
      [undefined, 'Status not specified'],
    ] as const)
      test(`${given} is no decision`, async () => {
        const id = await shared()
        await share(id, other, 'eva', 200)
        await decide(id, other, given, 'omar', 400, text)
      })

    test('the order of the checks: shared, owner, member, status', async () => {
      const { uuid } = await world.image({ visibility: 'private' })
      await decide(uuid, 'nobody', 'maybe', 'eva', 403, 'Only shared images')
      const id = await shared()
      await decide(id, 'nobody', 'maybe', 'eva', 403)
      await decide(id, 'nobody', 'maybe', 'root', 404)
    })

    test('there are 128 at most, known or not', async () => {
      const id = await shared()
      await share(id, other, 'eva', 200)
      const { db } = world.core.database
      const image = await db
        .selectFrom('images')
        .select('seq')
        .where('uuid', '=', id)
        .executeTakeFirstOrThrow()
      await db
        .insertInto('image_strangers')
        .values(
          Array.from({ length: 127 }, (_, n) => ({
            image_seq: image.seq,
            member_id: `s${n}`,
            status: 'pending' as const,
            created_at: 0,
            updated_at: 0,
          })),
        )
        .execute()
      for (const member of ['one-more', world.projects.main])
        await share(id, member, 'eva', 413, 'Attempted: 129, Maximum: 128')
    })
  })

  describe('what a member may do with the image', () => {
    for (const status of ['pending', 'accepted', 'rejected'])
      test(`one that is ${status} reads it, and lists it if accepted`, async () => {
        const id = await shared()
        await world.expect('GET', `/images/${id}`, { as: 'omar' }, 404)
        await share(id, other, 'eva', 200)
        await decide(id, other, status, 'omar', 200)
        await world.expect('GET', `/images/${id}`, { as: 'omar' }, 200)
        await world.expect('GET', `/images/${id}`, { as: 'nora' }, 200)
        assert.equal((await world.expect('GET', `/images/${id}/file`, { as: 'omar' }, 200)).text, 'bytes')
        await world.expect('GET', `/images/${id}/file`, { as: 'nora' }, 403, 'download_image')
        await world.expect('PUT', `/images/${id}/tags/x`, { as: 'omar' }, 403)
        await world.expect('DELETE', `/images/${id}`, { as: 'omar' }, 403)
        const { body } = await world.expect('GET', '/images?limit=1000', { as: 'omar' }, 200)
        const listed = body.images.some((image: { id: string }) => image.id === id)
        assert.equal(listed, status === 'accepted')
      })

    test('members are kept while it is private, and come back', async () => {
      const id = await shared()
      await share(id, other, 'eva', 200)
      await decide(id, other, 'accepted', 'omar', 200)
      const visibility = async (value: string) => {
        const body = JSON.stringify([{ op: 'replace', path: '/visibility', value }])
        const headers = { 'content-type': 'application/openstack-images-v2.1-json-patch' }
        await world.expect('PATCH', `/images/${id}`, { as: 'eva', body, headers }, 200)
      }
      await visibility('private')
      await world.expect('GET', `/images/${id}`, { as: 'omar' }, 404)
      await visibility('shared')
      const { body } = await world.expect('GET', `/images/${id}/members/${other}`, { as: 'omar' }, 200)
      assert.equal(body.status, 'accepted')
    })

    test('removed from it, its next request finds nothing', async () => {
      const id = await shared()
      await share(id, other, 'eva', 200)
      await world.expect('GET', `/images/${id}`, { as: 'omar' }, 200)
      await world.expect('DELETE', `/images/${id}/members/${other}`, { as: 'eva' }, 204)
      await world.expect('GET', `/images/${id}`, { as: 'omar' }, 404)
    })

    test('the deletion of the image ends it', async () => {
      const id = await shared()
      await share(id, other, 'eva', 200)
      await share(id, stranger, 'eva', 200)
      await world.expect('DELETE', `/images/${id}`, { as: 'eva' }, 204)
      await world.expect('GET', `/images/${id}/members`, { as: 'omar' }, 404)
      const { db } = world.core.database
      for (const table of ['image_members', 'image_strangers'] as const) {
        const rows = await db
          .selectFrom(table)
          .innerJoin('images', 'images.seq', `${table}.image_seq`)
          .select('images.seq')
          .where('images.uuid', '=', id)
          .execute()
        assert.deepEqual(rows, [])
      }
    })
  })
})
