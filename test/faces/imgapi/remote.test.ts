import assert from 'node:assert/strict'
import { createServer } from 'node:https'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { remoteOf } from '../../../src/assembly/remote.ts'
import { parseAllowList } from '../../../src/outbound/allow-list.ts'
import { outbound } from '../../../src/outbound/outbound.ts'
import { listen, serve } from '../../outbound/servers.ts'
import { certificate } from '../../support/certificate.ts'
import { plain, sha1, startWorld, type World, zeroUuid } from './world.ts'

const uuid = '7b27a514-89d7-11e6-bee6-3f96f367bee7'

describe('images that another repository has', () => {
  let world: World
  let other: World
  before(async () => {
    world = await startWorld({ importAllow: '127.0.0.1' })
    other = await startWorld()
  })
  after(async () => {
    await world.close()
    await other.close()
  })

  async function gone(path: string): Promise<void> {
    for (let i = 0; i < 200; i++) {
      if ((await world.ask('GET', path, { as: 'boss' })).status === 404) return
      await pause(25)
    }
    assert.fail('it is still there')
  }

  test('import-remote brings description and file, and tells of the work', async () => {
    const { expect, ask } = world
    const source = await other.publish(
      'keeper',
      { public: true, tags: { role: 'os' }, name: 'remote' },
      'remote bytes',
    )
    const path = `/images/${source.uuid}`
    const as = 'boss'
    const begun = await expect('POST', `${path}?action=import-remote&source=${other.url}/`, { as }, 200)
    assert.deepEqual(Object.keys(begun.body), ['image_uuid', 'job_uuid'])
    assert.equal(begun.body.image_uuid, source.uuid)
    assert.equal(begun.headers.get('workflow-api'), world.url)
    for (let i = 0; i < 200; i++) {
      if ((await ask('GET', path, { as })).body.state === 'active') break
      await pause(25)
    }
    const { body } = await expect('GET', path, {}, 200)
    assert.deepEqual(
      [body.name, body.tags, body.files, body.published_at, body.public],
      ['remote', { role: 'os' }, source.files, source.published_at, true],
    )
    assert.equal((await ask('GET', `${path}/file`)).text, 'remote bytes')
    const jobs = (await expect('GET', `${path}/jobs`, { as }, 200)).body
    assert.equal(jobs.length, 1)
    assert.deepEqual(
      [jobs[0].uuid, jobs[0].name, jobs[0].image_uuid, jobs[0].execution],
      [begun.body.job_uuid, 'import-url', source.uuid, 'succeeded'],
    )
    await expect(
      'POST',
      `${path}?action=import-remote&source=${other.url}`,
      { as },
      409,
      'ImageUuidAlreadyExists',
    )
  })

  test('an import that fails leaves nothing behind but the news of it, and can be tried again', async (t) => {
    let bytes = 'wrong bytes'
    const { url } = await serve(t, (request, response) => {
      if (request.url!.endsWith('/file')) return response.end(bytes)
      const files = [{ sha1: sha1('right bytes'), size: 11, compression: 'none' }]
      response.end(JSON.stringify({ v: 2, uuid, owner: zeroUuid, ...plain, state: 'active', files }))
    })
    const path = `/images/${uuid}`
    const as = 'boss'
    const begin = () => world.expect('POST', `${path}?action=import-remote&source=${url}`, { as }, 200)
    await begin()
    await gone(path)
    const [job] = (await world.expect('GET', `${path}/jobs`, { as }, 200)).body
    assert.equal(job.execution, 'failed')
    assert.match(job.error, /sha1/)
    bytes = 'right bytes'
    await begin()
    for (let i = 0; i < 200; i++) {
      if ((await world.ask('GET', path, { as })).body.state === 'active') break
      await pause(25)
    }
    assert.equal((await world.ask('GET', `${path}/file`, { as })).text, 'right bytes')
    await world.expect('DELETE', path, { as }, 204)
  })

  test('what cannot be fetched', async (t) => {
    const { expect } = world
    const manifests: Readonly<Record<string, string>> = {
      none: '',
      text: 'hello',
      list: '[]',
      other: JSON.stringify({ v: 2, uuid: '11111111-89d7-11e6-bee6-3f96f367bee7', ...plain }),
      fileless: JSON.stringify({ v: 2, uuid, ...plain }),
      origin: JSON.stringify({
        v: 2,
        uuid,
        ...plain,
        origin: '22222222-89d7-11e6-bee6-3f96f367bee7',
        files: [{ sha1: sha1('x'), size: 1, compression: 'none' }],
      }),
    }
    const { url } = await serve(t, (request, response) => {
      const found = manifests[request.url!.split('/')[1]!]
      response.writeHead(found === undefined ? 404 : 200).end(found)
    })
    const cases: readonly [source: string, status: number, code: string][] = [
      ['', 422, 'InvalidParameter'],
      ['&source=', 422, 'InvalidParameter'],
      ['&source=ftp://images.example.org', 422, 'InvalidParameter'],
      ['&source=http://192.0.2.1', 422, 'InvalidParameter'],
      ['&source=http://[::1]:1', 422, 'InvalidParameter'],
      [`&source=${url}/missing`, 503, 'RemoteSourceError'],
      [`&source=${url}/none`, 503, 'RemoteSourceError'],
      [`&source=${url}/text`, 503, 'RemoteSourceError'],
      [`&source=${url}/list`, 422, 'ValidationFailed'],
      [`&source=${url}/other`, 422, 'InvalidParameter'],
      [`&source=${url}/fileless`, 503, 'RemoteSourceError'],
      [`&source=${url}/origin`, 422, 'OriginDoesNotExist'],
    ]
    for (const [source, status, code] of cases)
      await expect('POST', `/images/${uuid}?action=import-remote${source}`, { as: 'boss' }, status, code)
    // Who may not import makes no requests through us.
    const begin = `/images/${uuid}?action=import-remote&source=${url}/fileless`
    await expect('POST', begin, { as: 'rita' }, 403, 'OperatorOnly')
    await expect('GET', `/images/${uuid}`, { as: 'boss' }, 404, 'ResourceNotFound')
  })
})

describe('a file from a URL', () => {
  test('takes https, what is promised, and no address that policy refuses', async () => {
    const world = await startWorld()
    try {
      const { expect } = world
      const as = 'eva'
      const made = await expect('POST', '/images', { as, json: plain }, 200)
      const path = `/images/${made.body.uuid}/file/from-url`
      const query = '?compression=none'
      for (const file_url of ['http://images.example.org/x', 'x', '', 7, undefined])
        await expect('POST', path + query, { as, json: { file_url } }, 422, 'InvalidParameter')
      await expect('POST', path + query, { as }, 422, 'InvalidParameter')
      const json = { file_url: 'https://127.0.0.1:8443/x' }
      await expect('POST', path, { as, json }, 422, 'ValidationFailed')
      await expect('POST', path + query, { as, json }, 400, 'Download')
      await expect('POST', path + query, { as, json: { file_url: 'https://192.168.7.7/x' } }, 400, 'Download')
      assert.equal((await expect('GET', `/images/${made.body.uuid}`, { as }, 200)).body.state, 'unactivated')
    } finally {
      await world.close()
    }
  })

  test('arrives as an upload would', async (t) => {
    const made = certificate(t)
    if (!made) return t.skip('SKIPPED: no openssl here to make a certificate with')
    const files: Readonly<Record<string, string>> = { '/file.gz': 'fetched bytes', '/empty': '' }
    const server = createServer(made, (request, response) => {
      if (request.url === '/cut') {
        response.writeHead(200, { 'content-length': '100' }).write('only a part')
        setImmediate(() => response.destroy())
        return
      }
      const found = files[request.url!]
      response.writeHead(found === undefined ? 404 : 200).end(found)
    })
    const port = await listen(t, server)
    t.after(() => server.closeAllConnections())
    const world = await startWorld()
    // The guarded fetch, with a name that leads here and a certificate to be trusted.
    const lookup = async () => [{ address: '127.0.0.1', family: 4 } as const]
    const fetcher = outbound({ allow: parseAllowList('127.0.0.1') }, { lookup, ca: made.cert })
    Object.assign(world.core.remote, remoteOf(fetcher))
    try {
      const { expect } = world
      const as = 'eva'
      const { uuid } = (await expect('POST', '/images', { as, json: plain }, 200)).body
      const path = `/images/${uuid}/file/from-url?compression=gzip`
      const json = (name: string) => ({ file_url: `https://images.test:${port}${name}` })
      for (const name of ['/missing', '/empty', '/cut'])
        await expect('POST', path, { as, json: json(name) }, 400, 'Download')
      const other = `${path}&sha1=${sha1('other')}`
      await expect('POST', other, { as, json: json('/file.gz') }, 400, 'Download')
      assert.equal((await expect('GET', `/images/${uuid}`, { as }, 200)).body.files, undefined)
      const good = `${path}&sha1=${sha1('fetched bytes')}`
      const { body } = await expect('POST', good, { as, json: json('/file.gz') }, 200)
      assert.deepEqual(body.files, [{ sha1: sha1('fetched bytes'), size: 13, compression: 'gzip' }])
    } finally {
      await fetcher.close()
      await world.close()
    }
  })
})
