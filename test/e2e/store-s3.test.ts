import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it, type TestContext } from 'node:test'
import { openStores } from '../../src/store/open-stores.ts'
import { type S3Options, s3Store } from '../../src/store/s3.ts'
import { partBytes } from '../../src/store/s3-parts.ts'
import { parseStores } from '../../src/store/store-url.ts'
import { chunks, fails, killWhileReceiving, listed, readAll, storeSuite } from '../suites/store.ts'
import { type ObjectStore, startObjectStore } from '../support/object-store.ts'

const mib = 1024 * 1024
const usual = { digests: ['md5', 'sha1', 'sha512'] } as const

describe('object store', () => {
  let server: ObjectStore | null = null
  before(async () => {
    server = await startObjectStore()
  })
  after(() => server?.stop())

  const optionsFor = (
    { endpoint, region, accessKey, secretKey }: ObjectStore,
    bucket: string,
  ): S3Options => ({
    name: 'default',
    bucket,
    prefix: 'blobs/',
    endpoint,
    region,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    pathStyle: true,
  })

  storeSuite('Swift', async () => {
    if (!server) return null
    const options = optionsFor(server, 'suite')
    return {
      store: s3Store(options),
      again: async ({ readOnly }) => s3Store({ ...options, name: 'again', readOnly }),
      dispose: async () => {},
    }
  })

  const withServer = (title: string, body: (server: ObjectStore) => Promise<void>) =>
    it(title, async (t) => {
      if (!server) return t.skip('SKIPPED: no object store can be started on this machine')
      await body(server)
    })

  withServer(
    'kill -9 leaves an unfinished upload, which is listed as incomplete and can be removed',
    async (server) => {
      const options = optionsFor(server, 'crash')
      const store = s3Store(options)
      await store.open()
      const id = randomUUID()
      const other = randomUUID()
      await store.receive(other, chunks(Buffer.from('stays')), usual)
      await killWhileReceiving(`s3Store(${JSON.stringify(options)})`, id, 20 * mib)
      const found = await listed(store)
      assert.deepEqual(
        found.map(({ id, size, complete }) => ({ id, size, complete })),
        [
          { id: other, size: 5, complete: true },
          { id, size: 16 * mib, complete: false },
        ],
      )
      assert.ok(Math.abs(found[1]!.modifiedAt - Date.now()) < 120_000)
      assert.equal(await store.size(id), null)
      await store.delete(id)
      assert.deepEqual(
        (await listed(store)).map(({ id }) => id),
        [other],
      )
      await store.close()
    },
  )

  withServer('is opened by its URL, and two prefixes of a bucket do not see each other', async (server) => {
    const [one, two] = await openStores(
      parseStores(`one=${server.url('urls', 'one')},two=${server.url('urls')}`, '/'),
    )
    assert.equal(one!.store.type, 's3')
    assert.equal(await one!.store.space(), null)
    const id = randomUUID()
    await one!.store.receive(id, chunks(randomBytes(17 * mib)), usual)
    assert.equal(await two!.store.size(id), null)
    assert.deepEqual(await listed(two!.store), [])
    await one!.store.close()
    await two!.store.close()
  })

  withServer('a wrong secret makes it unavailable', async (server) => {
    const options = optionsFor(server, 'suite')
    const credentials = { ...options.credentials!, secretAccessKey: 'wrong' }
    const store = s3Store({ ...options, credentials })
    await fails(store.open(), 'unavailable')
    await fails(store.receive(randomUUID(), chunks(Buffer.from('x')), usual), 'unavailable')
    await fails(readAll(store, randomUUID()), 'unavailable')
    await store.close()
  })
})

describe('object store, when something breaks', () => {
  /** A server that answers what the test wants. */
  async function fakeServer(
    t: TestContext,
    answer: (request: IncomingMessage, response: ServerResponse) => void,
  ) {
    const server = createServer((request, response) => {
      response.setHeader('content-type', 'application/xml')
      answer(request, response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const store = s3Store({
      name: 'default',
      bucket: 'images',
      endpoint: `http://127.0.0.1:${port}`,
      region: 'here',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      pathStyle: true,
    })
    t.after(async () => {
      await store.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    return { store, stop: () => new Promise((resolve) => server.close(resolve)) }
  }

  it('nobody there is unavailable', async (t) => {
    const { store, stop } = await fakeServer(t, () => {})
    await stop()
    await fails(store.open(), 'unavailable')
    await fails(store.receive(randomUUID(), chunks(Buffer.from('x')), usual), 'unavailable')
    await fails(store.receive(randomUUID(), chunks(Buffer.alloc(17 * mib)), usual), 'unavailable')
    await fails(readAll(store, randomUUID()), 'unavailable')
    await fails(store.size(randomUUID()), 'unavailable')
    await fails(store.delete(randomUUID()), 'unavailable')
    await fails(listed(store), 'unavailable')
  })

  it('an answer that breaks off is unavailable', async (t) => {
    const { store } = await fakeServer(t, (_, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('only this', () => response.destroy())
    })
    await fails(readAll(store, randomUUID()), 'unavailable')
  })

  it('a used-up quota is no-space', async (t) => {
    const { store } = await fakeServer(t, (request, response) => {
      request.resume()
      const full = request.method === 'PUT' || request.method === 'POST'
      response.writeHead(full ? 403 : 404)
      response.end(full ? '<Error><Code>QuotaExceeded</Code><Message>full</Message></Error>' : '')
    })
    await fails(store.receive(randomUUID(), chunks(Buffer.from('x')), usual), 'no-space')
    await fails(store.receive(randomUUID(), chunks(Buffer.alloc(17 * mib)), usual), 'no-space')
  })

  it('an abort ends a part that hangs, and the upload with it', async (t) => {
    const control = new AbortController()
    const seen: string[] = []
    const { store } = await fakeServer(t, (request, response) => {
      const { searchParams } = new URL(request.url!, 'http://localhost')
      const step = `${request.method} ${searchParams.has('uploads') ? 'begin' : (searchParams.get('partNumber') ?? searchParams.get('uploadId'))}`
      seen.push(step)
      request.resume()
      if (step === 'POST begin') {
        response.end('<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>')
      } else if (step === 'PUT 1') {
        setTimeout(() => control.abort(), 20)
      } else {
        response.writeHead(204).end()
      }
    })
    const receiving = store.receive(randomUUID(), chunks(Buffer.alloc(18 * mib)), {
      ...usual,
      signal: control.signal,
    })
    await fails(receiving, 'interrupted')
    assert.equal(seen[0], 'POST begin')
    assert.equal(seen.at(-1), 'DELETE u1')
    assert.ok(!seen.includes('POST u1'), 'not completed')
  })

  it('an object whose completion fails is removed', async (t) => {
    const seen: string[] = []
    const { store } = await fakeServer(t, (request, response) => {
      seen.push(`${request.method} ${new URL(request.url!, 'http://localhost').search}`)
      request.resume()
      response.writeHead(request.method === 'PUT' ? 400 : 204).end()
    })
    await fails(store.receive(randomUUID(), chunks(Buffer.from('x')), usual), 'unavailable')
    assert.deepEqual(
      seen.map((line) => line.split(' ')[0]),
      ['PUT', 'DELETE'],
    )
  })

  it('lists page by page', async (t) => {
    const ids = Array.from({ length: 4 }, () => randomUUID())
    const date = '2030-01-02T03:04:05.000Z'
    const later = '2030-01-02T04:00:00.000Z'
    const { store } = await fakeServer(t, (request, response) => {
      const { searchParams, pathname } = new URL(request.url!, 'http://localhost')
      if (searchParams.has('uploadId')) {
        // The parts of ids[2] come in two pages; ids[3] has ended in the meantime.
        if (pathname !== `/images/${ids[2]}`) return void response.writeHead(404).end()
        const second = searchParams.get('part-number-marker') === '1'
        const part = `<Part><Size>5</Size><LastModified>${second ? later : date}</LastModified></Part>`
        const more = '<IsTruncated>true</IsTruncated><NextPartNumberMarker>1</NextPartNumberMarker>'
        return void response.end(`<ListPartsResult>${part}${second ? '' : more}</ListPartsResult>`)
      }
      if (searchParams.has('uploads')) {
        const second =
          searchParams.get('key-marker') === ids[2] && searchParams.get('upload-id-marker') === 'u2'
        const upload = (id: string) =>
          `<Upload><Key>${id}</Key><UploadId>u</UploadId><Initiated>${date}</Initiated></Upload>`
        const more = `<IsTruncated>true</IsTruncated><NextKeyMarker>${ids[2]}</NextKeyMarker><NextUploadIdMarker>u2</NextUploadIdMarker>`
        const body = second ? upload(ids[3]!) : upload(ids[2]!) + more
        response.end(`<ListMultipartUploadsResult>${body}</ListMultipartUploadsResult>`)
        return
      }
      const second = searchParams.get('continuation-token') === 'more'
      const object = (key: string) =>
        `<Contents><Key>${key}</Key><Size>7</Size><LastModified>${date}</LastModified></Contents>`
      const more = '<IsTruncated>true</IsTruncated><NextContinuationToken>more</NextContinuationToken>'
      const body = second ? object(ids[1]!) : object(ids[0]!) + object('foreign/README') + more
      response.end(`<ListBucketResult>${body}</ListBucketResult>`)
    })
    const modifiedAt = Date.parse(date)
    assert.deepEqual(await listed(store), [
      { id: ids[0], size: 7, modifiedAt, complete: true },
      { id: ids[1], size: 7, modifiedAt, complete: true },
      { id: ids[2], size: 10, modifiedAt: Date.parse(later), complete: false },
    ])
  })

  it('parts grow, so that large images fit', () => {
    assert.deepEqual(
      [0, 249, 250, 499, 500, 9999].map((index) => partBytes(index) / mib),
      [16, 16, 32, 32, 64, 64],
    )
    assert.throws(() => partBytes(10_000), { code: 'too-large' })
  })
})
