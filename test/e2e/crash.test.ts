import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { type Imageport, place, startImageport, tokens } from '../support/imageport.ts'
import { client } from '../support/onecloudplanet.ts'

const sha512 = (bytes: Uint8Array) => createHash('sha512').update(bytes).digest('hex')

/** `kill -9` at any moment: what was acknowledged is there afterwards, what was not has left no trace. */
describe('a server that is killed', () => {
  let at: Awaited<ReturnType<typeof place>>
  let server: Imageport
  before(async () => {
    at = await place()
    server = await startImageport(at.dataDir)
  })
  after(async () => {
    await server.kill()
    await at.remove()
  })

  const eva = () => client(server.url, tokens.eva)
  async function crash(): Promise<void> {
    await server.kill()
    server = await startImageport(at.dataDir)
  }

  /** Names of all files below the blob directory. */
  async function files(): Promise<string[]> {
    const entries = await readdir(join(at.dataDir, 'blobs'), { recursive: true, withFileTypes: true })
    return entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
  }

  /** The sweep of left-overs begins right after the start; it is done when only whole, referenced files are left. */
  async function sweptTo(expected: number): Promise<void> {
    let found: string[] = []
    for (let i = 0; i < 100; i++) {
      found = await files()
      if (found.length === expected && !found.some((name) => name.endsWith('.part'))) return
      await pause(50)
    }
    assert.fail(`expected ${expected} whole files, found ${found.join(' ')}`)
  }

  test('right after an upload was acknowledged: the image is there, byte for byte', async () => {
    const bytes = randomBytes(3_000_000)
    const id = await eva().upload('acknowledged', 'raw', new Blob([bytes]))
    await crash()
    assert.equal((await eva().view(id)).status, 'active')
    assert.equal(sha512(await eva().download(id)), sha512(bytes))
  })

  test('in the middle of an upload: the image is killed, its bytes are gone', async () => {
    const before = (await files()).length
    const boundary = 'b'
    const field = (name: string, value: string) =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
    const upload = request(eva().images, {
      method: 'POST',
      headers: { ...eva().headers, 'content-type': `multipart/form-data; boundary=${boundary}` },
    })
    upload.on('error', () => {}) // the server dies under it
    for (const [name, value] of Object.entries({
      name: 'cut',
      source: 'file',
      disk_format: 'raw',
      region: 'ua-central-1',
    }))
      upload.write(field(name, value))
    upload.write(`--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n`)
    upload.write(randomBytes(5_000_000))
    // Not before the bytes are really on their way into a file.
    for (let i = 0; i < 200 && !(await files()).some((name) => name.endsWith('.part')); i++) await pause(20)
    const [image] = await eva().list('filtering=name:cut')
    assert.equal(image?.status, 'saving')
    assert.ok((await files()).some((name) => name.endsWith('.part')))
    await crash()
    assert.equal((await eva().view(image.id)).status, 'killed')
    await sweptTo(before)
    await eva().remove(image.id)
  })

  describe('in the middle of an import', () => {
    const bytes = randomBytes(4_000_000)
    let source: Server
    let requests = 0
    let stall = true
    before(async () => {
      source = createServer(async (_request, response) => {
        requests++
        response.writeHead(200, { 'content-length': bytes.length })
        response.write(bytes.subarray(0, 2_000_000))
        // The first fetch never ends, so that the kill falls into its middle; the probe before it reads no body.
        while (stall && !response.destroyed) await pause(20)
        response.end(bytes.subarray(2_000_000))
      })
      await new Promise<void>((resolve) => source.listen(0, '127.0.0.1', resolve))
    })
    after(() => {
      source.closeAllConnections()
      source.close()
    })

    test('the task is run again and the image becomes active with the right bytes', async () => {
      const { port } = source.address() as AddressInfo
      const id = await eva().importUrl('imported', 'raw', `http://127.0.0.1:${port}/image`)
      for (let i = 0; i < 400 && requests < 2; i++) await pause(20)
      for (let i = 0; i < 200 && !(await files()).some((name) => name.endsWith('.part')); i++) await pause(20)
      assert.equal((await eva().view(id)).status, 'saving')
      await server.kill()
      stall = false
      server = await startImageport(at.dataDir)
      assert.equal((await eva().settled(id)).status, 'active')
      assert.equal(sha512(await eva().download(id)), sha512(bytes))
    })
  })

  test('at ten arbitrary moments of uploads: every image is whole or killed, and no bytes are left over', async () => {
    const started = (await files()).length
    const whole = new Map<string, string>()
    for (let round = 0; round < 10; round++) {
      const bytes = randomBytes(200_000 + round * 300_000)
      const sending = eva()
        .upload(`round ${round}`, 'raw', new Blob([bytes]))
        .then((id) => whole.set(id, sha512(bytes)))
        .catch(() => {}) // it was not acknowledged
      await pause(round * 7)
      await crash()
      await sending
    }
    const images = await eva().list('filtering=name:round*')
    for (const image of images) assert.ok(['active', 'killed'].includes(image.status), image.status)
    for (const [id, digest] of whole) assert.equal(sha512(await eva().download(id)), digest)
    const active = images.filter((image) => image.status === 'active')
    await sweptTo(started + active.length)
    for (const image of images) await eva().remove(image.id)
    await sweptTo(started)
  })

  test('it stops politely when asked to, and gives the data directory back', async () => {
    assert.equal(await server.stop(), 0)
    assert.ok(!(await readdir(at.dataDir)).includes('server.lock'))
    server = await startImageport(at.dataDir)
  })

  test('a second server on the same data directory is refused', async () => {
    await assert.rejects(
      startImageport(at.dataDir),
      /Another Imageport \(process \d+\) is using the data directory/,
    )
  })
})
