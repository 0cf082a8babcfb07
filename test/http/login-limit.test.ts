import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Failure, isFailure } from '../../src/catalogue/failure.ts'
import { loginLimit } from '../../src/http/login-limit.ts'

const wrong = () => Promise.reject(new Failure('unauthenticated', 'wrong'))
const busy = (error: unknown) => isFailure(error, 'busy') && error.detail.reason === 'logins'
const failed = (error: unknown) => isFailure(error, 'unauthenticated')

describe('failed logins', () => {
  const pairs: [what: string, first: [string, string], second: [string, string], together: boolean][] = [
    ['the same address and name', ['192.0.2.1', 'eva'], ['192.0.2.1', 'eva'], true],
    ['a name in other letters', ['192.0.2.1', 'Éva'], ['192.0.2.1', 'E\u0301VA'], true],
    ['another name', ['192.0.2.1', 'eva'], ['192.0.2.1', 'omar'], false],
    ['another address', ['192.0.2.1', 'eva'], ['192.0.2.2', 'eva'], false],
    ['an IPv4 address written as IPv6', ['192.0.2.1', 'eva'], ['::ffff:192.0.2.1', 'eva'], true],
    ['an address of the same /64', ['2001:db8:1:2::1', 'eva'], ['2001:db8:1:2:ffff::9', 'eva'], true],
    ['an address of another /64', ['2001:db8:1:2::1', 'eva'], ['2001:db8:1:3::1', 'eva'], false],
  ]
  for (const [what, first, second, together] of pairs)
    test(`from ${what} are ${together ? 'counted together' : 'two things'}`, async () => {
      const logins = loginLimit({ failures: 2, seconds: 60 })
      for (let i = 0; i < 2; i++) await assert.rejects(logins.attempt(...first, wrong), failed)
      await assert.rejects(logins.attempt(...second, wrong), together ? busy : failed)
    })

  test('are refused unseen until the time is over; successes and other failures do not count', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 })
    const logins = loginLimit({ failures: 2, seconds: 60 })
    const attempt = (login: () => Promise<unknown>) => logins.attempt('192.0.2.1', 'eva', login)
    for (let i = 0; i < 5; i++) {
      await attempt(async () => 'in')
      await assert.rejects(
        attempt(() => Promise.reject(new Error('broken'))),
        /broken/,
      )
    }
    await assert.rejects(attempt(wrong), failed)
    t.mock.timers.setTime(1_020_000)
    await assert.rejects(attempt(wrong), failed)
    await assert.rejects(
      attempt(() => assert.fail('it is looked at')),
      (error) => busy(error) && (error as Failure).detail.retryAfterSeconds === 40,
    )
    t.mock.timers.setTime(1_060_000)
    assert.equal(await attempt(async () => 'in'), 'in')
  })

  test('at once are no more than may still fail', async () => {
    const logins = loginLimit({ failures: 2, seconds: 60 })
    let seen = 0
    const all = Array.from({ length: 20 }, () =>
      logins.attempt('192.0.2.1', 'eva', async () => {
        seen++
        await new Promise((resolve) => setImmediate(resolve))
        return wrong()
      }),
    )
    const results = await Promise.allSettled(all)
    assert.equal(seen, 2)
    assert.equal(results.filter((one) => one.status === 'rejected' && busy(one.reason)).length, 18)
  })

  test('of too many names are forgotten, the oldest first, but not while one is under way', async () => {
    const logins = loginLimit({ failures: 1, seconds: 60 }, 3)
    const attempt = (name: string, login = wrong) => logins.attempt('192.0.2.1', name, login)
    const { promise, reject } = Promise.withResolvers<never>()
    const waiting = attempt('waiting', () => promise)
    for (const name of ['a', 'b', 'c']) await assert.rejects(attempt(name), failed)
    await assert.rejects(attempt('b'), busy)
    await assert.rejects(attempt('c'), busy)
    await assert.rejects(attempt('a'), failed)
    reject(new Failure('unauthenticated', 'wrong'))
    await assert.rejects(waiting, failed)
    await assert.rejects(attempt('waiting'), busy)
  })
})
