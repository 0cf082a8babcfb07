import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Ostype, osFromFacts, osOf, ostypeOf, typeOf } from '../../../src/catalogue/manifests/ostype.ts'

const numbers: readonly [string | undefined, string | undefined, Ostype][] = [
  ['zone-dataset', 'smartos', 5],
  ['zone-dataset', undefined, 5],
  ['lx-dataset', 'windows', 6],
  ['zvol', 'smartos', 2],
  ['zvol', 'illumos', 2],
  ['zvol', 'linux', 1],
  ['zvol', 'bsd', 3],
  ['other', 'windows', 4],
  ['zvol', 'other', 1],
  ['docker', 'linux', 1],
  ['zvol', undefined, 1],
  [undefined, undefined, 1],
  ['zvol', 'constructor', 1],
  ['zvol', '__proto__', 1],
]
for (const [type, os, expected] of numbers)
  test(`${type} and ${os} are number ${expected}`, () => assert.equal(ostypeOf(type, os), expected))

test('what is written for a number', () => {
  const all = ([1, 2, 3, 4, 5, 6] as const).map((ostype) => `${ostype} ${osOf(ostype)} ${typeOf(ostype)}`)
  assert.deepEqual(all, [
    '1 linux zvol',
    '2 illumos zvol',
    '3 bsd zvol',
    '4 windows zvol',
    '5 smartos zone-dataset',
    '6 linux lx-dataset',
  ])
})

test('a number survives being written and read', () => {
  for (const ostype of [1, 2, 3, 4, 5, 6] as const)
    assert.equal(ostypeOf(typeOf(ostype), osOf(ostype)), ostype)
})

const facts: readonly [Readonly<Record<string, string>>, string][] = [
  [{}, 'other'],
  [{ os_distro: '' }, 'other'],
  [{ os_distro: 'unknown', os_type: '' }, 'other'],
  [{ os_distro: 'Debian' }, 'linux'],
  [{ os_type: 'Linux' }, 'linux'],
  [{ os_distro: 'windows', os_type: 'linux' }, 'windows'],
  [{ os_type: 'WINDOWS' }, 'windows'],
  [{ os_distro: 'something-new', os_type: 'windows' }, 'windows'],
  [{ os_distro: 'windows2022' }, 'windows'],
  [{ os_distro: 'FreeBSD' }, 'bsd'],
  [{ os_distro: 'openbsd' }, 'bsd'],
  [{ os_distro: 'netbsd' }, 'bsd'],
  [{ os_distro: 'dragonfly' }, 'bsd'],
  [{ os_distro: 'smartos' }, 'smartos'],
  [{ os_distro: 'OmniOS' }, 'illumos'],
  [{ os_distro: 'openindiana' }, 'illumos'],
  [{ os_distro: 'opensolaris' }, 'illumos'],
  [{ os_distro: 'solaris' }, 'illumos'],
  [{ os_distro: 'tribblix' }, 'illumos'],
  [{ os_distro: 'illumos' }, 'illumos'],
  [{ os_distro: 'msdos' }, 'other'],
]
for (const [properties, expected] of facts)
  test(`${JSON.stringify(properties)} is ${expected}`, () => assert.equal(osFromFacts(properties), expected))
