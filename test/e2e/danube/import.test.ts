import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { es, esLogin } from '../../support/danube.ts'
import { type Imageport, place, startImageport, tokens } from '../../support/imageport.ts'
import { client } from '../../support/onecloudplanet.ts'

const digest = (algorithm: string, bytes: Uint8Array) => createHash(algorithm).update(bytes).digest('hex')

/** Two running Imageports: one serves its images as an IMGAPI repository, the other imports them as Danube Cloud does. */
describe('import from another Imageport', () => {
  let here: Awaited<ReturnType<typeof place>>
  let there: Awaited<ReturnType<typeof place>>
  let source: Imageport
  let target: Imageport
  let web: Server
  let answer: RequestListener = (_request, response) => response.writeHead(404).end()
  const bytes = randomBytes(5_000_000)
  let uuid: string
  before(async () => {
    ;[here, there] = [await place(), await place()]
    ;[source, target] = [await startImageport(there.dataDir), await startImageport(here.dataDir)]
    uuid = await client(source.url, tokens.root).upload('Golden image', 'raw', new Blob([bytes]))
    web = createServer((request, response) => answer(request, response))
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
  })
  after(async () => {
    web?.closeAllConnections()
    web?.close()
    await source?.stop()
    await target?.kill()
    await here?.remove()
    await there?.remove()
  })

  const root = async (server: Imageport) =>
    es(server.url, { token: await esLogin(server.url, 'root', 'secret') })
  const webUrl = () => `http://127.0.0.1:${(web.address() as AddressInfo).port}`

  async function blobs(): Promise<string[]> {
    const entries = await readdir(join(here.dataDir, 'blobs'), { recursive: true, withFileTypes: true })
    return entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
  }

  async function imageFile(server: Imageport, id: string): Promise<Buffer> {
    const response = await fetch(`${server.url}/images/${id}/file`)
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('content-md5'), createHash('md5').update(bytes).digest('base64'))
    return Buffer.from(await response.arrayBuffer())
  }

  test('what is made public through Danube is in the repository for everybody', async () => {
    const run = await root(source)
    const [hidden] = [await fetch(`${source.url}/images/${uuid}`)]
    assert.equal(hidden.status, 404)
    const { body: list } = await run('get', '/image')
    assert.deepEqual(list.result, ['Golden-image'])
    const changed = await run('set', '/image/Golden-image', { access: '1', desc: 'The golden one' })
    assert.deepEqual([changed.streamed, changed.status, changed.body.status], [true, 200, 'SUCCESS'])
    assert.equal(changed.body.result.message, 'Successfully updated image Golden-image')
    const [manifest] = (await (await fetch(`${source.url}/images`)).json()) as Record<string, unknown>[]
    assert.equal(manifest!.uuid, uuid)
    assert.equal(manifest!.type, 'other')
    assert.equal(manifest!.description, 'The golden one')
    assert.deepEqual(manifest!.files, [
      { sha1: digest('sha1', bytes), size: bytes.length, compression: 'none' },
    ])
  })

  test('es create: the command waits for the end, the bytes are the same in both', async () => {
    const run = await root(target)
    const created = await run('create', '/image/golden', {
      manifest_url: `${source.url}/images/${uuid}`,
      dc: 'main',
      access: '1',
    })
    assert.deepEqual([created.streamed, created.status], [true, 200], JSON.stringify(created.body))
    assert.match(
      created.body.result.message,
      /^Successfully imported image golden \(transferred 5000000 bytes in \d+ seconds\)$/,
    )
    const { body } = await run('get', '/image/golden', { extended: true })
    assert.deepEqual(
      [body.result.uuid, body.result.alias, body.result.desc, body.result.status, body.result.dcs],
      [uuid, 'golden', 'The golden one', 1, ['main']],
    )
    assert.equal(digest('sha512', await imageFile(target, uuid)), digest('sha512', bytes))
    assert.equal((await client(target.url, tokens.root).view(uuid)).status, 'active')
  })

  test('again under another name: the uuid is here already', async () => {
    const run = await root(target)
    const again = await run('create', '/image/other', {
      manifest_url: `${source.url}/images/${uuid}`,
      dc: 'main',
    })
    assert.equal(again.status, 400)
    assert.deepEqual(again.body.result, {
      manifest_url: ['Image UUID is already registered by image "golden".'],
    })
  })

  test('through an imagestore: refreshed, listed, imported', async () => {
    const run = await root(target)
    assert.equal((await run('delete', '/image/golden')).status, 200)
    assert.deepEqual(await blobs(), [])
    const set = await run('set', '/dc/main/settings', { VMS_IMAGE_REPOSITORIES: { there: source.url } })
    assert.equal(set.status, 200, JSON.stringify(set.body))
    const refreshed = await run('set', '/imagestore/there')
    assert.equal(refreshed.status, 200, JSON.stringify(refreshed.body))
    assert.equal(refreshed.body.result.image_count, 1)
    assert.deepEqual((await run('get', '/imagestore/there/image')).body.result, [uuid])
    const imported = await run('create', `/imagestore/there/image/${uuid}`, { name: 'golden', dc: 'main' })
    assert.deepEqual([imported.streamed, imported.status], [true, 200], JSON.stringify(imported.body))
    assert.equal(
      digest('sha512', await client(target.url, tokens.root).download(uuid)),
      digest('sha512', bytes),
    )
  })

  /** A repository with one image whose file comes as `file` sends it. */
  function repository(id: string, facts: object, file: RequestListener): void {
    answer = (request, response) => {
      if (request.url === `/images/${id}/file`) return file(request, response)
      if (request.url !== `/images/${id}`) return response.writeHead(404).end()
      const manifest = { v: 2, uuid: id, name: 'slow', version: '1', type: 'zvol', os: 'linux', ...facts }
      response.end(JSON.stringify(manifest))
    }
  }
  const promised = (sha1 = digest('sha1', bytes), size = bytes.length) => ({
    files: [{ sha1, size, compression: 'none' }],
  })

  test('bytes that are not what the manifest says leave neither image nor bytes', async () => {
    const run = await root(target)
    const kept = (await blobs()).length
    const wrong = 'a'.repeat(40)
    for (const [id, facts, message] of [
      ['11111111-1111-4111-8111-111111111111', promised(wrong), `${wrong} != ${digest('sha1', bytes)}`],
      ['22222222-2222-4222-8222-222222222222', promised(undefined, 5_000_001), '5000001 != 5000000'],
    ] as const) {
      repository(id, facts, (_request, response) => response.end(bytes))
      const failed = await run('create', '/image/wrong', {
        manifest_url: `${webUrl()}/images/${id}`,
        dc: 'main',
      })
      assert.deepEqual([failed.streamed, failed.status, failed.body.status], [true, 400, 'FAILURE'])
      const text = `ERROR: Image file checksum mismatch (${message})`
      assert.deepEqual(failed.body.result, {
        returncode: 8,
        message: text,
        detail: `Got bad return code (8). Error: ${text}`,
      })
      assert.equal((await run('get', '/image/wrong')).status, 404)
    }
    assert.equal((await blobs()).length, kept)
  })

  /** Starts an import whose bytes stand still after the first half, and returns the task's id. */
  async function stuck(run: Awaited<ReturnType<typeof root>>, id: string, name: string): Promise<string> {
    repository(id, promised(), (_request, response) => {
      response.writeHead(200, { 'content-length': bytes.length })
      response.write(bytes.subarray(0, bytes.length / 2))
    })
    void run('create', `/image/${name}`, { manifest_url: `${webUrl()}/images/${id}`, dc: 'main' }).catch(
      () => {},
    )
    for (let i = 0; i < 200; i++) {
      const { body } = await run('get', '/task')
      const [task] = body
      if (task && (await blobs()).some((blob) => blob.endsWith('.part'))) return task
      await pause(50)
    }
    return assert.fail('the import did not begin')
  }

  test('a cancelled import leaves neither image nor bytes', async () => {
    const run = await root(target)
    const kept = (await blobs()).length
    const task = await stuck(run, '33333333-3333-4333-8333-333333333333', 'cancelled')
    assert.equal((await run('get', '/image/cancelled')).body.result.status, 2)
    const cancelled = await run('set', `/task/${task}/cancel`)
    assert.ok([410, 201].includes(cancelled.status), JSON.stringify(cancelled.body))
    for (let i = 0; i < 100 && (await run('get', `/task/${task}/status`)).status === 201; i++) await pause(50)
    const { status, body } = await run('get', `/task/${task}/status`)
    assert.deepEqual([status, body.status, body.result], [410, 'REVOKED', 'terminated'])
    assert.equal((await run('get', '/image/cancelled')).status, 404)
    assert.equal((await blobs()).length, kept)
    assert.equal((await run('set', `/task/${task}/cancel`)).status, 406)
  })

  test('kill -9 in the middle of an import: after the restart it is carried out from the start', async () => {
    const id = '44444444-4444-4444-8444-444444444444'
    const task = await stuck(await root(target), id, 'survivor')
    await target.kill()
    repository(id, promised(), (_request, response) => response.end(bytes))
    target = await startImageport(here.dataDir)
    const run = await root(target)
    for (let i = 0; i < 200 && (await run('get', `/task/${task}/status`)).status === 201; i++) await pause(50)
    const { status, body } = await run('get', `/task/${task}/status`)
    assert.equal(status, 200, JSON.stringify(body))
    assert.equal((await run('get', '/image/survivor')).body.result.status, 1)
    assert.equal(
      digest('sha512', await client(target.url, tokens.root).download(id)),
      digest('sha512', bytes),
    )
  })
})
