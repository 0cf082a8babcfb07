import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFailure } from '../../src/catalogue/failure.ts'
import { demandNetworks, isInside } from '../../src/catalogue/people/networks.ts'

const cases: readonly [string, readonly string[], boolean][] = [
  ['192.0.2.7', ['192.0.2.0/24'], true],
  ['192.0.3.7', ['192.0.2.0/24'], false],
  ['192.0.2.7', ['192.0.2.7'], true],
  ['192.0.2.8', ['192.0.2.7', '198.51.100.0/24'], false],
  // What an IPv4 caller looks like on a socket of both kinds.
  ['::ffff:192.0.2.7', ['192.0.2.0/24'], true],
  ['2001:db8::1', ['2001:db8::/32'], true],
  ['2001:db8::1', ['192.0.2.0/24'], false],
  ['192.0.2.7', ['0.0.0.0/0'], true],
  ['192.0.2.7', [], false],
  ['', ['0.0.0.0/0'], false],
]
for (const [address, networks, inside] of cases)
  test(`${address || 'nothing'} is ${inside ? '' : 'not '}in ${networks.join(', ') || 'nothing'}`, () => {
    assert.equal(isInside(address, networks), inside)
  })

test('what is no network is refused', () => {
  demandNetworks(['192.0.2.0/24', '::1'])
  for (const wrong of ['here', '192.0.2.0/33', ''])
    assert.throws(
      () => demandNetworks([wrong]),
      (error) => isFailure(error, 'invalid'),
    )
})
