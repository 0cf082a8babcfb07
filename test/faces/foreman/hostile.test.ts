import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { parseQuery } from '../../../src/faces/foreman/params.ts'
import { type Ask, images, startWorld, type World } from './world.ts'

describe('input that nobody should send', () => {
  let world: World
  before(async () => {
    world = await startWorld()
  })
  after(() => world.close())

  const json = (body: string): Ask => ({ body, headers: { 'content-type': 'application/json' } })
  const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`

  const asked: readonly (readonly [name: string, method: string, path: string, ask: Ask, status: number])[] =
    [
      ['an id beyond all numbers', 'GET', `${images}/${'9'.repeat(300)}`, {}, 404],
      ['a parent beyond all numbers', 'GET', `/compute_resources/${'9'.repeat(300)}/images`, {}, 404],
      ['an id of 2000 characters', 'GET', `${images}/${'x'.repeat(2000)}`, {}, 404],
      ['NUL in a path', 'GET', '/architectures/%00/images', {}, 404],
      ['a broken escape in a path', 'GET', '/architectures/%E0%A4%A/images', {}, 404],
      ['a broken escape in a query', 'GET', `${images}?search=%E0%A4%A&page=%`, {}, 400],
      ['half brackets in a query', 'GET', `${images}?[=1&a[=2&]&=&&&x[y]z=1`, {}, 200],
      ['a query as deep as the sea', 'GET', `${images}?a${'[b]'.repeat(500)}=1`, {}, 200],
      ['names of the prototype in a query', 'GET', `${images}?__proto__[page]=x&constructor=1`, {}, 200],
      [
        'names of the prototype in a body',
        'POST',
        images,
        json('{"__proto__":{"image":5},"constructor":{}}'),
        422,
      ],
      [
        'names of the prototype in an image',
        'POST',
        images,
        json('{"image":{"__proto__":{"name":"x"},"toString":1}}'),
        422,
      ],
      ['a body as deep as the sea', 'POST', images, json(nested(3000)), 422],
      ['NUL in a name', 'POST', images, json('{"image":{"name":"a\\u0000b"}}'), 422],
      ['half a character in a name', 'POST', images, json('{"image":{"name":"\\ud800"}}'), 422],
      [
        'numbers beyond all numbers',
        'POST',
        images,
        json('{"image":{"architecture_id":1e400,"name":-1e999}}'),
        422,
      ],
      ['NUL in a search', 'GET', `${images}?search=%00`, {}, 400],
      ['a search as long as a book', 'GET', `${images}?search=${'x'.repeat(9000)}`, {}, 400],
      [
        'bytes that are no text',
        'POST',
        images,
        { ...json('\u00ff'), body: '{"image":{"name":"\ud800' },
        400,
      ],
      ['more than a mebibyte', 'POST', images, json(`{"a":"${'x'.repeat(1024 * 1024)}"}`), 413],
    ]
  for (const [name, method, path, ask, status] of asked)
    test(`${name}: ${status}`, async () => {
      const reply = await world.ask(method, path, ask)
      assert.equal(reply.status, status, reply.text)
      assert.ok(reply.body, 'JSON is the answer')
    })

  test('nothing of it was kept', async () => {
    const { body } = await world.ask('GET', images)
    assert.equal(body.total, 2)
  })

  test('a query makes no prototype', () => {
    const params = parseQuery('__proto__[x]=1&a[__proto__][y]=2&b=1&b=2&c[]=1&c[]=2&d=+%2B&e')
    assert.equal(({} as { x?: unknown }).x, undefined)
    assert.equal(Object.getPrototypeOf(params), null)
    assert.deepEqual([params.b, params.c, params.d, params.e], ['2', ['1', '2'], ' +', null])
  })
})
