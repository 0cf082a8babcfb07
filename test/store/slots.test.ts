import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { slotPool } from '../../src/store/slots.ts'

const slotBytes = 1000

/** Resolves to the slot, or to null when there is none at the moment. */
async function now(taking: Promise<Buffer>): Promise<Buffer | null> {
  return await Promise.race([taking, setImmediate(null)])
}

describe('slots', () => {
  it('a transfer holds so many, and waits for the next', async () => {
    const lease = slotPool({ slotBytes, perLease: 2, extra: 10 }).lease()
    const first = await lease.take()
    await lease.take()
    const third = lease.take()
    assert.equal(await now(third), null)
    lease.give(first)
    assert.equal(await third, first, 'memory is reused')
  })

  it('all together hold so many, but everyone gets a first one', async () => {
    const pool = slotPool({ slotBytes, perLease: 4, extra: 2 })
    const greedy = pool.lease()
    for (let taken = 0; taken < 3; taken++) await greedy.take()
    const others = [pool.lease(), pool.lease()]
    for (const other of others) assert.ok(await now(other.take()))
    const second = others[0]!.take()
    assert.equal(await now(second), null)
    greedy.end()
    assert.ok(await now(second))
  })

  it('those who wait are served in their order', async () => {
    const pool = slotPool({ slotBytes, perLease: 4, extra: 1 })
    const leases = [pool.lease(), pool.lease(), pool.lease()]
    for (const lease of leases) await lease.take()
    const extra = await leases[0]!.take()
    const second = leases[1]!.take()
    const third = leases[2]!.take()
    leases[0]!.give(extra)
    assert.ok(await now(second))
    assert.equal(await now(third), null)
    leases[1]!.end()
    assert.ok(await now(third))
  })

  it('a lease that ends while it waits takes nothing with it', async () => {
    const pool = slotPool({ slotBytes, perLease: 4, extra: 1 })
    const one = pool.lease()
    const two = pool.lease()
    await one.take()
    await one.take()
    await two.take()
    const abandoned = two.take()
    two.end()
    one.end()
    assert.equal(await now(abandoned), null)
    const three = pool.lease()
    await three.take()
    assert.ok(await now(three.take()))
  })

  it('larger slots count by their size', async () => {
    const pool = slotPool({ slotBytes, perLease: 4, extra: 7 })
    const large = pool.lease()
    const first = await large.take(4 * slotBytes)
    const second = await large.take(4 * slotBytes)
    assert.equal(first.length, 4 * slotBytes)
    assert.equal(await now(large.take(4 * slotBytes)), null)
    large.give(second)
    large.end()
    const small = pool.lease()
    for (let taken = 0; taken < 4; taken++) assert.ok(await now(small.take()))
  })
})
