import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFailure } from '../../src/catalogue/failure.ts'
import { openDatabase } from '../../src/database/open.ts'

test('a URL that is none is refused without repeating its password', async () => {
  const urls = [
    '',
    'sqlite:',
    '/var/lib/imageport.db',
    'mysql://me:geheim@localhost/images',
    'postgre://me:geheim@localhost/images',
    'postgres://me:geheim@local host:port/images',
    'postgres://me:geheim@localhost:99999/images',
    'postgres://me:geheim@[::1/images',
  ]
  for (const url of urls) {
    await assert.rejects(openDatabase(url), (error) => {
      assert.ok(isFailure(error, 'invalid'), `${url}: ${error}`)
      assert.equal(error.detail.reason, 'database-url')
      assert.doesNotMatch(`${error.message}${error.stack}${error.cause ?? ''}`, /geheim/)
      return true
    })
  }
})
