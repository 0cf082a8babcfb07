import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cache } from '../../src/keystone/cache.ts'

test('what has ceased to hold is not found, and takes no room', () => {
  const kept = cache<string>({ entries: 2, size: 10 })
  kept.keep('a', 'A', 10, 0, 10)
  assert.equal(kept.find('a', 9), 'A')
  assert.equal(kept.find('a', 10), undefined)
  kept.keep('b', 'B', 20, 10, 10)
  assert.equal(kept.find('b', 19), 'B')
})

test('too many: the oldest go', () => {
  const kept = cache<string>({ entries: 2, size: 10 })
  for (const key of ['a', 'b', 'a', 'c']) kept.keep(key, key.toUpperCase(), 10, 0)
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => kept.find(key, 1)),
    ['A', undefined, 'C'],
  )
})

test('too large together: the oldest go, and only as many as must', () => {
  const kept = cache<string>({ entries: 10, size: 10 })
  for (const [key, size] of [
    ['a', 4],
    ['b', 3],
    ['c', 3],
    ['d', 2],
    ['e', 11],
  ] as const)
    kept.keep(key, key.toUpperCase(), 10, 0, size)
  assert.deepEqual(
    ['a', 'b', 'c', 'd', 'e'].map((key) => kept.find(key, 1)),
    [undefined, 'B', 'C', 'D', undefined],
  )
})

test('what would not hold at all is not kept, and ends what was', () => {
  const kept = cache<string>({ entries: 10, size: 10 })
  kept.keep('a', 'A', 10, 0)
  kept.keep('a', 'B', 5, 5)
  assert.equal(kept.find('a', 5), undefined)
})
