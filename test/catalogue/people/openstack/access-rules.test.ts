import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAllowed, matchesPath } from '../../../../src/catalogue/people/openstack/access-rules.ts'

const cases: [pattern: string, path: string, fits: boolean][] = [
  ['/v2/images', '/v2/images', true],
  ['/v2/images', '/v2/images/', false],
  ['/v2/images', '/v2/image', false],
  ['/v2/images', '/v2/images/7', false],
  ['/v2/images', '/V2/images', false],
  ['/v2/images/*', '/v2/images/7', true],
  ['/v2/images/*', '/v2/images/', false],
  ['/v2/images/*', '/v2/images/7/file', false],
  ['/v2/images/*/file', '/v2/images/7/file', true],
  ['/v2/images/{image_id}/file', '/v2/images/7/file', true],
  ['/v2/images/{image_id}/file', '/v2/images//file', false],
  ['/v2/images/a*', '/v2/images/abc', true],
  ['/v2/images/a*', '/v2/images/bbc', false],
  ['/v2/**', '/v2/images/7/file', true],
  ['/v2/**', '/v2/', true],
  ['/v2/**', '/v2', false],
  ['**/file', '/v2/images/7/file', true],
  ['**/file', '/v2/images/7/files', false],
  ['/v2/***', '/v2/images/7', true],
  // Everything else stands for itself.
  ['/v2/i.ages', '/v2/images', false],
  ['/v2/(images|tasks)', '/v2/images', false],
  ['/v2/{open', '/v2/{open', true],
  ['/v2/{}', '/v2/x', true],
  ['', '', true],
  ['', '/', false],
]
for (const [pattern, path, fits] of cases)
  test(`${pattern || 'nothing'} ${fits ? 'fits' : 'does not fit'} ${path || 'nothing'}`, () => {
    assert.equal(matchesPath(pattern, path), fits)
  })

test('a pattern that is meant to take long does not', () => {
  const pattern = '**a'.repeat(60)
  assert.equal(matchesPath(pattern, `/${'a'.repeat(4000)}b`), false)
  assert.equal(matchesPath(pattern, `/${'a'.repeat(4000)}`), true)
})

test('service, method and path belong together', () => {
  const rules = [
    { service: 'image', method: 'GET', path: '/v2/images' },
    { service: 'compute', method: 'POST', path: '/v2/images' },
  ]
  assert.equal(isAllowed(rules, { method: 'GET', path: '/v2/images' }), true)
  assert.equal(isAllowed(rules, { method: 'POST', path: '/v2/images' }), false)
  assert.equal(isAllowed(rules, { method: 'HEAD', path: '/v2/images' }), false)
  assert.equal(isAllowed([], { method: 'GET', path: '/v2/images' }), false)
  const lacking = [
    { service: 'image', method: 'GET', path: null },
    { service: 'image', method: null, path: '**' },
    { service: null, method: 'GET', path: '**' },
  ]
  assert.equal(isAllowed(lacking, { method: 'GET', path: '/v2/images' }), false)
})
