import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startWorld, unknown, type World } from './world.ts'

let world: World
before(async () => {
  world = await startWorld()
})
after(() => world.close())

const tagsOf = async (id: string) =>
  (await world.expect('GET', `/images/${id}`, { as: 'root' }, 200)).body.tags

describe('tags (section 9)', () => {
  test('are added and removed, twice if need be', async () => {
    const { uuid } = await world.image()
    for (const tag of [
      'web',
      'web',
      'a b',
      'ключ',
      '日本',
      'x'.repeat(255),
      '語'.repeat(255),
      '😀'.repeat(255),
    ])
      assert.equal(
        (await world.expect('PUT', `/images/${uuid}/tags/${encodeURIComponent(tag)}`, { as: 'eva' }, 204))
          .text,
        '',
      )
    assert.deepEqual(await tagsOf(uuid), [
      'a b',
      'web',
      'x'.repeat(255),
      'ключ',
      '日本',
      '語'.repeat(255),
      '😀'.repeat(255),
    ])
    await world.expect('DELETE', `/images/${uuid}/tags/a%20b`, { as: 'eva' }, 204)
    await world.expect('DELETE', `/images/${uuid}/tags/a%20b`, { as: 'eva' }, 404)
    assert.ok(!(await tagsOf(uuid)).includes('a b'))
  })

  test('one that is there already changes nothing', async () => {
    const { uuid, updatedAt } = await world.image({ tags: ['web'] })
    await world.expect('PUT', `/images/${uuid}/tags/web`, { as: 'eva' }, 204)
    const { body } = await world.expect('GET', `/images/${uuid}`, { as: 'eva' }, 200)
    assert.equal(body.updated_at, `${new Date(updatedAt / 1000).toISOString().slice(0, 19)}Z`)
  })

  for (const [what, method, tag, as, status, text] of [
    ['a long one', 'PUT', 'x'.repeat(256), 'eva', 400, '255'],
    ['one of 256 characters of two units', 'PUT', encodeURIComponent('😀'.repeat(256)), 'eva', 400, '255'],
    ['a very long one', 'PUT', 'x'.repeat(5000), 'eva', 400, ''],
    ['one with a control character', 'PUT', 'a%00b', 'eva', 400, 'control'],
    ['one with a slash', 'PUT', 'a%2Fb', 'eva', 204, ''],
    ['a reader', 'PUT', 'x', 'rita', 403, 'modify_image'],
    ['somebody who cannot see it', 'PUT', 'x', 'omar', 404, 'not found.'],
    ['a reader removes', 'DELETE', 'old', 'rita', 403, 'modify_image'],
    ['somebody who cannot see it removes', 'DELETE', 'old', 'omar', 404, 'not found.'],
  ] as const)
    test(`${what}: ${status}`, async () => {
      const { uuid } = await world.image({ visibility: 'private', tags: ['old'] })
      await world.expect(method, `/images/${uuid}/tags/${tag}`, { as }, status, text)
    })

  test('of an image of others are 403, of none 404', async () => {
    const { uuid } = await world.image({ visibility: 'public' })
    await world.expect('PUT', `/images/${uuid}/tags/x`, { as: 'omar' }, 403, 'modify_image')
    for (const method of ['PUT', 'DELETE'])
      for (const id of [unknown, 'nonsense'])
        await world.expect(method, `/images/${id}/tags/x`, { as: 'eva' }, 404, `Image ${id} not found.`)
  })

  test('there are 128 at most', async () => {
    const { uuid } = await world.image({ tags: Array.from({ length: 128 }, (_, n) => `t${n}`) })
    await world.expect('PUT', `/images/${uuid}/tags/t0`, { as: 'eva' }, 204)
    await world.expect('PUT', `/images/${uuid}/tags/more`, { as: 'eva' }, 413, 'Attempted: 129, Maximum: 128')
  })

  test('of two added at once none is lost', async () => {
    const { uuid } = await world.image()
    await Promise.all(
      ['a', 'b', 'c', 'd'].map((tag) =>
        world.expect('PUT', `/images/${uuid}/tags/${tag}`, { as: 'eva' }, 204),
      ),
    )
    assert.deepEqual(await tagsOf(uuid), ['a', 'b', 'c', 'd'])
  })
})

describe('deactivation (section 15)', () => {
  const statusOf = async (id: string) =>
    (await world.expect('GET', `/images/${id}`, { as: 'root' }, 200)).body.status

  test('is undone, and done twice', async () => {
    const { uuid } = await world.image({}, 'bytes')
    for (const [action, status] of [
      ['deactivate', 'deactivated'],
      ['deactivate', 'deactivated'],
      ['reactivate', 'active'],
      ['reactivate', 'active'],
    ] as const) {
      assert.equal(
        (await world.expect('POST', `/images/${uuid}/actions/${action}`, { as: 'eva' }, 204)).text,
        '',
      )
      assert.equal(await statusOf(uuid), status)
    }
  })

  test('needs bytes', async () => {
    const { uuid } = await world.image()
    for (const action of ['deactivate', 'reactivate'])
      await world.expect(
        'POST',
        `/images/${uuid}/actions/${action}`,
        { as: 'eva' },
        403,
        `Not allowed to ${action} image in status 'queued'`,
      )
  })

  for (const [as, visibility, status] of [
    ['root', 'private', 204],
    ['rita', 'private', 403],
    ['omar', 'private', 404],
    ['omar', 'public', 403],
  ] as const)
    test(`by ${as} of one that is ${visibility}: ${status}`, async () => {
      const { uuid } = await world.image({ visibility }, 'bytes')
      await world.expect('POST', `/images/${uuid}/actions/deactivate`, { as }, status)
      assert.equal(await statusOf(uuid), status === 204 ? 'deactivated' : 'active')
    })
})
