import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Upload as TusUpload } from 'tus-js-client'
import { now } from '../../../src/catalogue/time.ts'
import type { WireImage, WireSession } from '../../../src/faces/console/wire.ts'
import type { WireUpload, WireUploadList } from '../../../src/faces/console/wire-uploads.ts'
import { assembleUpload } from '../../../src/work/assemble-upload.ts'
import { type Runner, startRunner } from '../../../src/work/runner.ts'
import { qcow2Header } from '../../support/disk-images.ts'
import { type Answer, type Api, type Call, noise, password, refused, startApi } from './api.ts'

const path = '/ui/api/v1/uploads'
const tus = { 'tus-resumable': '1.0.0' }
const bytesType = 'application/offset+octet-stream'

/** As `Upload-Metadata` has it: text as it is, everything else as JSON. */
const metadata = (facts: object) =>
  Object.entries(facts)
    .map(([name, value]) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value)
      return `${name} ${Buffer.from(text).toString('base64')}`
    })
    .join(',')

describe('console: uploads that can be taken up again', () => {
  let api: Api
  let eva: Call
  let otto: Call
  let authorization: string
  let evaId: number
  let runner: Runner
  before(async () => {
    api = await startApi({ settings: { maxImageBytes: 1_000_000 } })
    await api.server.project(2, 'acme')
    evaId = await api.server.user({ username: 'eva', roles: { 2: 'member' }, defaultProjectId: 2 })
    authorization = `Bearer ${await api.server.token(evaId)}`
    eva = api.as(authorization)
    otto = await api.user({ username: 'otto', roles: { 2: 'member' } })
    const { core, catalogue, outbound } = api.server
    const options = { parallel: 2, pollSeconds: 1, log: () => {} }
    runner = await startRunner([assembleUpload], { core, catalogue, outbound }, options)
  })
  after(async () => {
    await runner.stop()
    await api.close()
  })

  const begin = (length: number | string, facts: object = {}, more: Record<string, string> = {}) =>
    eva('POST', '/uploads', undefined, {
      ...tus,
      'upload-length': String(length),
      'upload-metadata': metadata(facts),
      ...more,
    })
  const idOf = ({ headers }: Answer) => headers.get('location')!.slice(`${path}/`.length)
  const send = (id: string, offset: number | string, bytes: Uint8Array, more: object = {}) =>
    eva('PATCH', `/uploads/${id}`, bytes, {
      ...tus,
      'content-type': bytesType,
      'upload-offset': String(offset),
      ...more,
    })
  const look = (id: string, call = eva) => call('HEAD', `/uploads/${id}`, undefined, tus)
  const offsetOf = async (id: string) => (await look(id)).headers.get('upload-offset')
  const view = async (id: string) => (await eva('GET', `/uploads/${id}`)).body as WireUpload

  async function settled(id: string): Promise<WireUpload> {
    for (let n = 0; n < 500; n++) {
      const upload = await view(id)
      if (upload.state === 'done' || upload.state === 'failed') return upload
      await pause(10)
    }
    return assert.fail('the upload is not settled')
  }

  async function content(image: string): Promise<Buffer> {
    const response = await fetch(`${api.server.url}/ui/api/v1/images/${image}/file`, {
      headers: { authorization },
    })
    assert.equal(response.status, 200)
    return Buffer.from(await response.arrayBuffer())
  }

  /** A request in literal bytes, and what came back; with `cut` the connection is closed behind the body. */
  async function literally(head: readonly string[], body: Uint8Array, cut = false): Promise<string> {
    const socket = connect(Number(new URL(api.server.url).port), '127.0.0.1')
    let answer = ''
    socket.setEncoding('latin1').on('data', (data) => {
      answer += data
    })
    socket.write(`${[...head, 'Host: imageport', `Authorization: ${authorization}`].join('\r\n')}\r\n\r\n`)
    if (cut) socket.end(body)
    else socket.write(body)
    await once(socket, 'close')
    return answer
  }

  test('what is offered is told to everybody', async () => {
    for (const at of ['/uploads', `/uploads/${randomUUID()}`]) {
      const { status, headers } = await api.as(null)('OPTIONS', at)
      assert.equal(status, 204)
      assert.deepEqual(
        ['tus-resumable', 'tus-version', 'tus-extension', 'tus-max-size'].map((name) => headers.get(name)),
        ['1.0.0', '1.0.0', 'creation,termination,expiration', '1000000'],
      )
    }
  })

  test('bytes in several requests become the image that was described', async () => {
    const bytes = noise(300_000)
    const facts = {
      name: 'Größe',
      diskFormat: 'raw',
      containerFormat: 'bare',
      project: 'acme',
      visibility: 'shared',
      minDisk: 3,
      tags: ['b', 'a'],
      properties: { os_distro: 'debian' },
      filename: 'disk.img',
      lastModified: '1700000000000',
    }
    const begun = await begin(bytes.length, facts)
    assert.deepEqual([begun.status, begun.body], [201, ''])
    assert.match(begun.headers.get('location')!, /^\/ui\/api\/v1\/uploads\/[0-9a-f-]{36}$/)
    const expires = new Date(begun.headers.get('upload-expires')!).getTime() - Date.now()
    assert.ok(expires > 86_000_000 && expires <= 86_400_000, String(expires))
    const id = idOf(begun)

    const first = await look(id)
    assert.equal(first.status, 200)
    const names = ['tus-resumable', 'upload-offset', 'upload-length', 'upload-metadata', 'cache-control']
    assert.deepEqual(
      names.map((name) => first.headers.get(name)),
      ['1.0.0', '0', '300000', metadata(facts), 'no-store'],
    )
    const part = await send(id, 0, bytes.subarray(0, 100_000))
    assert.deepEqual([part.status, part.headers.get('upload-offset')], [204, '100000'])
    assert.ok(part.headers.get('upload-expires'))
    const none = await send(id, 100_000, Buffer.alloc(0))
    assert.deepEqual([none.status, none.headers.get('upload-offset')], [204, '100000'])

    const shown = await view(id)
    assert.deepEqual(
      [shown.id, shown.state, shown.size, shown.received, shown.assembled, shown.task, shown.failure],
      [id, 'open', 300_000, 100_000, 0, null, null],
    )
    assert.equal(shown.metadata.filename, 'disk.img')
    assert.equal(shown.metadata.name, 'Größe')

    const last = await send(id, 100_000, bytes.subarray(100_000))
    assert.deepEqual([last.status, last.headers.get('upload-offset')], [204, '300000'])
    assert.equal(last.headers.get('upload-expires'), null)
    const done = await settled(id)
    assert.deepEqual([done.state, done.image, done.assembled], ['done', shown.image, 300_000])
    const image = (await eva('GET', `/images/${done.image}`)).body as WireImage
    assert.deepEqual(
      [image.status, image.name, image.project?.name, image.visibility, image.minDisk, image.tags],
      ['active', 'Größe', 'acme', 'shared', 3, ['a', 'b']],
    )
    assert.deepEqual(image.properties, { os_distro: 'debian' })
    assert.ok(bytes.equals(await content(done.image)))
    // A client that never saw the last answer asks, and is told that it is done.
    assert.equal(await offsetOf(id), '300000')
  })

  test('the wire, byte for byte', async () => {
    const id = idOf(await begin(5, { diskFormat: 'raw' }))
    const answer = await literally(
      [
        `PATCH ${path}/${id} HTTP/1.1`,
        'Connection: close',
        'Tus-Resumable: 1.0.0',
        'Upload-Offset: 0',
        `Content-Type: ${bytesType}`,
        'Content-Length: 3',
      ],
      Buffer.from('abc'),
    )
    assert.match(answer, /^HTTP\/1\.1 204 No Content\r\n/)
    assert.match(answer, /\r\nupload-offset: 3\r\n/)
    assert.match(answer, /\r\ntus-resumable: 1\.0\.0\r\n/)
    assert.match(answer, /\r\n\r\n$/)
    const chunked = await literally(
      [
        `PATCH ${path}/${id} HTTP/1.1`,
        'Connection: close',
        'Tus-Resumable: 1.0.0',
        'Upload-Offset: 3',
        `Content-Type: ${bytesType}`,
        'Transfer-Encoding: chunked',
      ],
      Buffer.from('3\r\ndef\r\n0\r\n\r\n'),
    )
    assert.match(chunked, /^HTTP\/1\.1 413 /)
    assert.equal(await offsetOf(id), '3')
    const refusedEarly = await literally(
      [
        `PATCH ${path}/${id} HTTP/1.1`,
        'Tus-Resumable: 1.0.0',
        'Upload-Offset: 4',
        `Content-Type: ${bytesType}`,
        'Content-Length: 1',
        'Expect: 100-continue',
      ],
      Buffer.alloc(0),
    )
    assert.match(refusedEarly, /^HTTP\/1\.1 409 /)
    assert.doesNotMatch(refusedEarly, /100 Continue/)
  })

  test('a connection whose request was refused half way can be used again', async () => {
    const id = idOf(await begin(5, { diskFormat: 'raw' }))
    const head = (method: string, more: readonly string[]) =>
      [`${method} ${path}/${id} HTTP/1.1`, 'Host: imageport', `Authorization: ${authorization}`, ...more]
        .concat('Tus-Resumable: 1.0.0', '', '')
        .join('\r\n')
    const surplus = Buffer.alloc(1_000_000)
    const answer = await literally(
      [
        `PATCH ${path}/${id} HTTP/1.1`,
        'Tus-Resumable: 1.0.0',
        'Upload-Offset: 0',
        `Content-Type: ${bytesType}`,
        'Transfer-Encoding: chunked',
      ],
      Buffer.concat([
        Buffer.from(`5\r\nabcde\r\n${surplus.length.toString(16)}\r\n`),
        surplus,
        Buffer.from(`\r\n0\r\n\r\n${head('HEAD', ['Connection: close'])}`),
      ]),
    )
    assert.deepEqual(answer.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 413', 'HTTP/1.1 200'])
  })

  test('a connection that breaks loses nothing, and the rest is sent from there', async () => {
    const bytes = noise(400_000)
    const id = idOf(await begin(bytes.length, { diskFormat: 'raw' }))
    const head = [
      `PATCH ${path}/${id} HTTP/1.1`,
      'Tus-Resumable: 1.0.0',
      'Upload-Offset: 0',
      `Content-Type: ${bytesType}`,
      `Content-Length: ${bytes.length}`,
    ]
    await literally(head, bytes.subarray(0, 250_000), true)
    for (let n = 0; n < 200 && (await offsetOf(id)) === '0'; n++) await pause(10)
    assert.equal(await offsetOf(id), '250000')
    refused(await send(id, 0, bytes), 409, 'conflict', 'offset')
    assert.equal((await send(id, 250_000, bytes.subarray(250_000))).status, 204)
    assert.equal((await settled(id)).state, 'done')
    assert.ok(bytes.equals(await content((await view(id)).image)))
  })

  test('what is wrong with a beginning', async () => {
    const cases: readonly [string, object, number][] = [
      ['no version', { 'tus-resumable': '' }, 412],
      ['another version', { 'tus-resumable': '0.2.2' }, 412],
      ['no length', { 'upload-length': '' }, 400],
      ['a negative length', { 'upload-length': '-1' }, 400],
      ['a broken length', { 'upload-length': '1.5' }, 400],
      ['a length that is no number', { 'upload-length': '99999999999999999' }, 400],
      ['a length to come', { 'upload-defer-length': '1' }, 400],
      ['too many bytes', { 'upload-length': '1000001' }, 413],
      ['no base64', { 'upload-metadata': 'name ä' }, 400],
      ['no pair', { 'upload-metadata': 'name YQ== YQ==' }, 400],
      ['a name twice', { 'upload-metadata': 'name YQ==,name Yg==' }, 400],
      ['no UTF-8', { 'upload-metadata': 'name /w==' }, 400],
      ['an unknown name', { 'upload-metadata': 'colour YQ==' }, 400],
      ['a name that every object has', { 'upload-metadata': '__proto__ YQ==,toString YQ==' }, 400],
      ['no JSON', { 'upload-metadata': 'tags YQ==' }, 400],
      ['tags that are none', { 'upload-metadata': metadata({ tags: { a: 1 } }) }, 400],
      ['an unknown format', { 'upload-metadata': metadata({ diskFormat: 'floppy' }) }, 400],
      ['half a format', { 'upload-metadata': metadata({ containerFormat: 'bare' }) }, 400],
      ['an unknown project', { 'upload-metadata': metadata({ project: 'nowhere' }) }, 404],
      ['somebody else’s project', { 'upload-metadata': metadata({ project: 'main' }) }, 404],
      ['public', { 'upload-metadata': metadata({ visibility: 'public' }) }, 403],
      ['an image and its name', { 'upload-metadata': metadata({ image: randomUUID(), name: 'a' }) }, 400],
      ['an image that is not there', { 'upload-metadata': metadata({ image: randomUUID() }) }, 404],
      ['a body of another type', { 'content-type': 'application/json' }, 415],
    ]
    for (const [what, headers, status] of cases) {
      const answer = await eva('POST', '/uploads', what.startsWith('a body') ? '{}' : undefined, {
        ...tus,
        'upload-length': '5',
        'upload-metadata': '',
        ...headers,
      })
      assert.equal(answer.status, status, `${what}: ${JSON.stringify(answer.body)}`)
      assert.equal(answer.headers.get('tus-resumable'), '1.0.0', what)
      if (status === 412) assert.equal(answer.headers.get('tus-version'), '1.0.0')
      if (status === 413) assert.equal(answer.headers.get('tus-max-size'), '1000000')
    }
  })

  test('what is wrong with a continuation', async () => {
    const id = idOf(await begin(5, { diskFormat: 'raw' }))
    const cases: readonly [string, object, number][] = [
      ['no version', { 'tus-resumable': '' }, 412],
      ['another type', { 'content-type': 'application/octet-stream' }, 415],
      ['no offset', { 'upload-offset': '' }, 400],
      ['a negative offset', { 'upload-offset': '-1' }, 400],
      ['another offset', { 'upload-offset': '1' }, 409],
    ]
    for (const [what, headers, status] of cases) {
      const answer = await send(id, 0, Buffer.from('abc'), headers)
      assert.equal(answer.status, status, `${what}: ${JSON.stringify(answer.body)}`)
      assert.equal(answer.headers.get('tus-resumable'), '1.0.0', what)
    }
    assert.equal((await send(id, 0, Buffer.from('abcdef'))).status, 413)
    assert.equal((await send(randomUUID(), 0, Buffer.from('abc'))).status, 404)
    assert.equal((await eva('HEAD', `/uploads/${id}`)).status, 412)
    assert.equal((await eva('DELETE', `/uploads/${id}`)).status, 412)
    assert.equal(await offsetOf(id), '0')
  })

  test('nobody else finds it, and who is nobody is asked who it is', async () => {
    const id = idOf(await begin(5, { diskFormat: 'raw' }))
    const patch = { ...tus, 'content-type': bytesType, 'upload-offset': '0' }
    const bytes = Buffer.from('abc')
    for (const [call, status] of [
      [otto, 404],
      [api.admin, 404],
      [api.as(null), 401],
    ] as const) {
      const answers = [
        await look(id, call),
        await call('PATCH', `/uploads/${id}`, bytes, patch),
        await call('DELETE', `/uploads/${id}`, undefined, tus),
        await call('GET', `/uploads/${id}`),
        await call('POST', `/uploads/${id}/retry`),
      ]
      assert.deepEqual(
        answers.map((answer) => answer.status),
        answers.map(() => status),
      )
      assert.equal(answers[0]!.headers.get('upload-offset'), null)
      assert.equal(answers[1]!.headers.get('tus-resumable'), '1.0.0')
    }
    assert.deepEqual((await otto('GET', '/uploads')).body, { uploads: [] })
  })

  test('what is cancelled is gone, and what has expired has been', async () => {
    const id = idOf(await begin(5, { diskFormat: 'raw' }))
    await send(id, 0, Buffer.from('abc'))
    assert.equal((await eva('DELETE', `/uploads/${id}`, undefined, tus)).status, 204)
    assert.equal((await look(id)).status, 404)
    assert.equal((await send(id, 3, Buffer.from('de'))).status, 404)

    const old = idOf(await begin(5, { diskFormat: 'raw' }))
    await api.server.core.database.db
      .updateTable('uploads')
      .set({ expires_at: now() - 1 })
      .where('id', '=', old)
      .execute()
    const { status, headers } = await look(old)
    assert.deepEqual([status, headers.get('upload-offset')], [410, null])
    assert.equal((await send(old, 0, Buffer.from('abc'))).status, 410)
    assert.equal((await eva('DELETE', `/uploads/${old}`, undefined, tus)).status, 410)
  })

  test('where only POST gets through, it says what it means', async () => {
    const id = idOf(await begin(5, { diskFormat: 'raw' }))
    const as = (method: string, more: object = {}, bytes?: Uint8Array) =>
      eva('POST', `/uploads/${id}`, bytes, { ...tus, 'x-http-method-override': method, ...more })
    const patch = { 'content-type': bytesType, 'upload-offset': '0' }
    assert.equal((await as('PATCH', patch, Buffer.from('abc'))).headers.get('upload-offset'), '3')
    assert.equal((await as('head')).headers.get('upload-offset'), '3')
    const none = await as('PUT')
    assert.deepEqual([none.status, none.headers.get('allow')], [405, 'HEAD, PATCH, DELETE'])
    assert.equal((await as('DELETE')).status, 204)
    assert.equal((await look(id)).status, 404)
  })

  test('an image that was described before is filled', async () => {
    const draft = { name: 'waiting', diskFormat: 'raw', containerFormat: 'bare' }
    const { uuid } = (await eva('POST', '/images', draft)).body as WireImage
    const id = idOf(await begin(4, { image: uuid.toUpperCase() }))
    await send(id, 0, Buffer.from('abcd'))
    assert.deepEqual([(await settled(id)).state, (await view(id)).image], ['done', uuid])
    assert.equal((await begin(4, { image: uuid })).status, 409)
  })

  test('bytes that are refused say why, and the record stays until it is dropped', async () => {
    const bytes = qcow2Header({ clusterBits: 12, backingOffset: 512n })
    const id = idOf(await begin(bytes.length, { filename: 'evil.qcow2' }))
    await send(id, 0, bytes)
    const failed = await settled(id)
    assert.deepEqual([failed.state, failed.canRetry], ['failed', false])
    assert.match(failed.failure!, /backing file/)
    const image = (await eva('GET', `/images/${failed.image}`)).body as WireImage
    assert.deepEqual([image.name, image.status, image.failure], ['evil.qcow2', 'killed', failed.failure])
    refused(await eva('POST', `/uploads/${id}/retry`), 409, 'state')
    assert.equal((await eva('DELETE', `/uploads/${id}`, undefined, tus)).status, 204)
  })

  test('lists are pages, the newest first', async () => {
    for (const { id } of ((await eva('GET', '/uploads?limit=100')).body as WireUploadList).uploads)
      await eva('DELETE', `/uploads/${id}`, undefined, tus)
    const ids = [idOf(await begin(1, {})), idOf(await begin(2, {})), idOf(await begin(3, {}))]
    const page = async (query: string) =>
      ((await eva('GET', `/uploads?${query}`)).body as WireUploadList).uploads.map(({ id }) => id)
    assert.deepEqual(await page(''), ids.toReversed())
    assert.deepEqual(await page('limit=1&offset=1'), [ids[1]])
    refused(await eva('GET', '/uploads?colour=red'), 400, 'invalid')
  })

  test('a browser sends the proof of its session along', async () => {
    await password(api.server, evaId, 'secret')
    const url = `${api.server.url}/ui/api/v1`
    const signedIn = await fetch(`${url}/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'eva', password: 'secret' }),
    })
    const { proof } = (await signedIn.json()) as WireSession
    const cookie = signedIn.headers.get('set-cookie')!.split(';', 1)[0]!
    const headers = { ...tus, cookie, 'upload-length': '5' }
    const post = (more: object) =>
      fetch(`${url}/uploads`, { method: 'POST', headers: { ...headers, ...more } })
    assert.equal((await post({})).status, 403)
    const begun = await post({ 'x-imageport-session': proof })
    assert.equal(begun.status, 201)
    const at = `${api.server.url}${begun.headers.get('location')}`
    assert.equal((await fetch(at, { method: 'HEAD', headers })).status, 200)
    assert.equal((await fetch(at, { method: 'DELETE', headers })).status, 403)
  })

  test('the protocol’s own client uploads, in chunks', async () => {
    const bytes = noise(200_000)
    const url = await new Promise<string>((resolve, reject) => {
      const upload = new TusUpload(bytes, {
        endpoint: `${api.server.url}${path}`,
        headers: { authorization },
        metadata: { filename: 'disk.img', filetype: 'application/octet-stream' },
        chunkSize: 70_000,
        retryDelays: null,
        onError: reject,
        onSuccess: () => resolve(upload.url!),
      })
      upload.start()
    })
    const { state, image } = await settled(url.slice(`${api.server.url}${path}/`.length))
    assert.equal(state, 'done')
    assert.ok(bytes.equals(await content(image)))
  })
})
