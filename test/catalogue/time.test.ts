import assert from 'node:assert/strict'
import { test } from 'node:test'
import { now, parseInstant, toSeconds } from '../../src/catalogue/time.ts'

const cases: readonly [string, string | null][] = [
  ['2024-03-20', '2024-03-20T00:00:00Z'],
  ['2024-03-20T07:52:50Z', '2024-03-20T07:52:50Z'],
  ['2024-03-20T07:52:50', '2024-03-20T07:52:50Z'],
  ['2024-03-20T07:52', '2024-03-20T07:52:00Z'],
  ['2024-03-20 07:52:50.999999Z', '2024-03-20T07:52:50Z'],
  ['2024-01-01T00:00:00+02:00', '2023-12-31T22:00:00Z'],
  ['2024-01-01T00:00:00-0330', '2024-01-01T03:30:00Z'],
  ['2024-02-29', '2024-02-29T00:00:00Z'],
  ['2023-02-29', null],
  ['2024-13-01', null],
  ['2024-01-01T24:00:00Z', null],
  ['0001-01-01', '0001-01-01T00:00:00Z'],
  ['0000-01-01T00:00:00Z', '0000-01-01T00:00:00Z'],
  ['0000-01-01T00:00:00+00:01', null],
  ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59Z'],
  ['9999-12-31T23:59:59-00:01', null],
  ['soon', null],
  ['', null],
  ['20240101', null],
]
for (const [text, expected] of cases)
  test(`"${text}" is ${expected ?? 'no date'}`, () => {
    const instant = parseInstant(text)
    assert.equal(instant === null ? null : toSeconds(instant), expected)
  })

test('microseconds are kept', () => {
  assert.equal(parseInstant('1970-01-01T00:00:01.123456Z'), 1_123_456)
})

test('the clock is the system clock', () => {
  assert.ok(Math.abs(now() / 1000 - Date.now()) < 1000)
})
