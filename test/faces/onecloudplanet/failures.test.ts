import assert from 'node:assert/strict'
import { request } from 'node:http'
import { describe, test } from 'node:test'
import { sql } from 'kysely'
import {
  Failure,
  type FailureCode,
  type FailureDetail,
  failureCodes,
} from '../../../src/catalogue/failure.ts'
import { answerTo } from '../../../src/faces/onecloudplanet/failures.ts'
import { denied, images, startWorld } from './world.ts'

describe('every failure has an answer', () => {
  const rows: [code: FailureCode, detail: FailureDetail, status: number, body: object][] = [
    ['unauthenticated', {}, 401, { detail: 'Invalid token.' }],
    ['forbidden', {}, 403, denied],
    ['forbidden', { reason: 'protected' }, 403, { detail: "Can't delete protected image" }],
    ['forbidden', { reason: 'not-shared' }, 403, { detail: 'why' }],
    ['not-found', {}, 404, { detail: 'Not found.' }],
    ['invalid', {}, 400, { detail: 'why' }],
    ['invalid', { fields: { name: ['bad'] } }, 400, { name: ['bad'] }],
    ['conflict', {}, 409, { detail: 'why' }],
    ['state', {}, 409, { detail: 'why' }],
    ['quota', { reason: 'tags' }, 400, { tags: ['why'] }],
    ['quota', { reason: 'properties' }, 400, { properties: ['why'] }],
    ['quota', { reason: 'members' }, 403, { detail: 'why' }],
    ['quota', { reason: 'bytes' }, 403, { detail: 'Image creation not allowed, please contact support.' }],
    ['too-large', {}, 413, { detail: 'Image too big' }],
    ['content', {}, 400, { file: ['why'] }],
    ['range', {}, 416, { detail: 'The requested range is not satisfiable.' }],
    ['gone', {}, 404, { detail: 'Not found.' }],
    ['busy', {}, 409, { detail: 'Too many uploads in parallel, try again later' }],
    [
      'busy',
      { retryAfterSeconds: 7 },
      429,
      { detail: 'Request was throttled. Expected available in 7 seconds.' },
    ],
    ['interrupted', {}, 400, { detail: 'Image upload was interrupted' }],
    ['no-space', {}, 400, { detail: 'Upload image failed, please contact support' }],
    ['data-lost', {}, 404, { detail: 'Image data to be downloaded could not be found.' }],
    ['upstream', {}, 400, { url: ['URL is not accessible'] }],
    ['unavailable', {}, 503, { detail: 'Could not connect to OpenStack' }],
  ]
  for (const [code, detail, status, body] of rows)
    test(`${code} ${detail.reason ?? ''}`, () => {
      const answer = answerTo(new Failure(code, 'why', detail), { staff: false })
      assert.deepEqual([answer?.status, answer?.body], [status, body])
    })
  test('none is forgotten here', () => {
    assert.deepEqual(new Set(rows.map(([code]) => code)), new Set(failureCodes))
  })
  test('staff are sent to the logs', () => {
    const answer = answerTo(new Failure('no-space', ''), { staff: true })
    assert.deepEqual(answer?.body, { detail: 'Upload image failed, check logs for details' })
  })
})

test('a fault is told without inner details', async () => {
  const world = await startWorld()
  try {
    const { uuid } = await world.image()
    await sql`drop table audit`.execute(world.core.database.db)
    const form = new FormData()
    for (const [name, value] of Object.entries({
      name: 'x',
      source: 'file',
      disk_format: 'raw',
      region: 'ua-central-1',
    }))
      form.set(name, value)
    form.set('file', new Blob(['data']), 'x')
    const upload = await world.ask('POST', images, { as: 'eva', form })
    assert.equal(upload.status, 400)
    assert.match(
      upload.body.detail,
      /^(Upload image failed|Error when creating image), please contact support$/,
    )
    await world.expect('PATCH', `${images}/${uuid}`, { as: 'eva', json: { name: 'x' } }, 400, {
      detail: 'Image update failed',
    })
    const unexpected = { detail: 'An unexpected error occurred' }
    await world.expect('DELETE', `${images}/${uuid}`, { as: 'eva' }, 500, unexpected)
    await sql`drop table image_counts`.execute(world.core.database.db)
    await world.expect('GET', images, { as: 'eva' }, 500, unexpected)
  } finally {
    await world.close()
  }
})

test('a caller who asks too often is throttled', async () => {
  const world = await startWorld({ server: { rateLimit: 2 } })
  try {
    await world.expect('GET', images, { as: 'eva' }, 200)
    await world.expect('GET', images, { as: 'eva' }, 200)
    const reply = await world.expect('GET', images, { as: 'eva' }, 429)
    const seconds = Number(reply.headers.get('retry-after'))
    assert.ok(seconds > 0)
    assert.deepEqual(reply.body, {
      detail: `Request was throttled. Expected available in ${seconds} seconds.`,
    })
    await world.expect('GET', images, { as: 'omar' }, 200)
  } finally {
    await world.close()
  }
})

test('an image must not land in a client by chance', async () => {
  const world = await startWorld()
  try {
    const required = ['This field is required.']
    await world.expect('POST', images, { as: 'both', json: { name: 'x' } }, 400, {
      active_client: required,
      source: required,
      disk_format: required,
      region: required,
    })
    const { body } = await world.expect('POST', `${images}?active_client=2`, { as: 'both', json: {} }, 400)
    assert.equal('active_client' in body, false)
  } finally {
    await world.close()
  }
})

test('methods that the router does not know', async () => {
  const world = await startWorld()
  try {
    const ask = (path: string) =>
      new Promise<[number, string | undefined]>((resolve, reject) => {
        const sent = request(`${world.url}${path}`, { method: 'PROPFIND' }, (response) => {
          response.resume()
          resolve([response.statusCode!, response.headers.allow])
        })
        sent.on('error', reject)
        sent.end()
      })
    assert.deepEqual(await ask(`/backend/api${images}/`), [405, 'GET, HEAD, POST'])
    assert.deepEqual(await ask('/backend/api/nothing'), [404, undefined])
  } finally {
    await world.close()
  }
})
