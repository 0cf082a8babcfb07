import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { answers } from '../../src/http/answers.ts'

function counted(text: string) {
  const made = { times: 0, make: async () => Buffer.from(`${text} ${++made.times}`) }
  return made
}

describe('answers given again', () => {
  test('until somebody writes, and for each asker and key alone', async () => {
    let version = 1
    const kept = answers(() => version)
    const [eva, bob] = [{}, {}]
    const made = counted('list')
    const ask = async (asker: object, key = '/') => (await kept.again(asker, key, made.make)).toString()
    assert.equal(await ask(eva), 'list 1')
    assert.equal(await ask(eva), 'list 1')
    assert.equal(await ask(bob), 'list 2')
    assert.equal(await ask(eva, '/other'), 'list 3')
    version = 2
    assert.equal(await ask(eva), 'list 4')
  })

  test('never, when something was written while the answer was made', async () => {
    let version = 1
    const kept = answers(() => version)
    const eva = {}
    const stale = await kept.again(eva, '/', async () => {
      version = 2
      return Buffer.from('before or after, nobody knows')
    })
    assert.equal(stale.toString(), 'before or after, nobody knows')
    assert.equal((await kept.again(eva, '/', async () => Buffer.from('after'))).toString(), 'after')
  })

  test('never, where the database cannot tell', async () => {
    const kept = answers(() => null)
    const made = counted('x')
    const eva = {}
    await kept.again(eva, '/', made.make)
    await kept.again(eva, '/', made.make)
    assert.equal(made.times, 2)
  })

  test('an answer that fails is asked for again', async () => {
    const kept = answers(() => 1)
    const eva = {}
    await assert.rejects(kept.again(eva, '/', () => Promise.reject(new Error('no'))))
    assert.equal((await kept.again(eva, '/', async () => Buffer.from('yes'))).toString(), 'yes')
  })

  test('they take 32 MB at most', async () => {
    const kept = answers(() => 1)
    const eva = {}
    const big = counted('big')
    const megabytes = async (key: string) =>
      kept.again(eva, key, async () => Buffer.concat([await big.make(), Buffer.alloc(10_000_000)]))
    for (const key of ['a', 'b', 'c', 'd']) await megabytes(key)
    assert.equal(big.times, 4)
    await megabytes('d')
    assert.equal(big.times, 4)
    await megabytes('a') // dropped to make room
    assert.equal(big.times, 5)
  })

  test('and so do their keys, and small ones in great number', async () => {
    for (const [keyBytes, count] of [
      [10_000, 4_000],
      [10, 40_000],
    ] as const) {
      const kept = answers(() => 1)
      const eva = {}
      const small = counted('small')
      const key = (n: number) => String(n).padStart(keyBytes, 'k')
      for (let n = 0; n < count; n++) await kept.again(eva, key(n), small.make)
      await kept.again(eva, key(count - 1), small.make)
      assert.equal(small.times, count)
      await kept.again(eva, key(0), small.make) // dropped to make room
      assert.equal(small.times, count + 1)
    }
  })
})
