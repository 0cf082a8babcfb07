import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Core } from '../../../src/catalogue/core.ts'
import { memory } from '../../../src/catalogue/people/memory.ts'

/** Of a database memory asks for its version only; null is what PostgreSQL says. */
function started(version: () => number | null) {
  const own = memory({ database: { version } } as Core)
  return { ...own, recalled: own.recall<object>() }
}
const load = async () => ({})

describe('what is remembered of people', () => {
  test('is the same object until anybody writes', async () => {
    let version = 1
    const { recalled } = started(() => version)
    const first = await recalled('eva', load)
    assert.equal(await recalled('eva', load), first)
    assert.notEqual(await recalled('omar', load), first)
    version = 2
    assert.notEqual(await recalled('eva', load), first)
  })

  test('where nobody can tell whether anybody wrote, for a moment', async () => {
    const { recalled, forget } = started(() => null)
    const first = await recalled('eva', load)
    assert.equal(await recalled('eva', load), first)
    forget()
    assert.notEqual(await recalled('eva', load), first)
  })

  test('what was being read when all was forgotten is not kept', async () => {
    const { recalled, forget } = started(() => null)
    const old = await recalled('eva', async () => {
      forget()
      return {}
    })
    assert.notEqual(await recalled('eva', load), old)
  })

  test('a failure is not', async () => {
    const { recalled } = started(() => 1)
    await assert.rejects(recalled('eva', () => Promise.reject(new Error('not now'))))
    assert.ok(await recalled('eva', load))
  })
})
