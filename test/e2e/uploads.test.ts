import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { WireUpload } from '../../src/faces/console/wire-uploads.ts'
import { type Imageport, place, startImageport, tokens } from '../support/imageport.ts'

const mib = 1024 ** 2
/** Bytes that no format recognises. */
function noise(size: number): Buffer {
  return randomBytes(size).fill(0xff, 0, 512)
}

const sha512 = (bytes: Uint8Array) => createHash('sha512').update(bytes).digest('hex')
const authorization = `Bearer ${tokens.eva}`
const tus = { authorization, 'tus-resumable': '1.0.0' }

/** `kill -9` while an image is sent in pieces, and while the pieces are put together. */
describe('uploads to a server that is killed', () => {
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

  async function crash(): Promise<void> {
    await server.kill()
    server = await startImageport(at.dataDir)
  }

  const call = (method: string, path: string, headers: Record<string, string> = {}, body?: Uint8Array) =>
    fetch(`${server.url}${path}`, {
      method,
      headers: { ...tus, ...headers },
      ...(body ? { body: body as never } : {}),
    })

  async function begin(length: number): Promise<string> {
    const begun = await call('POST', '/ui/api/v1/uploads', { 'upload-length': String(length) })
    assert.equal(begun.status, 201)
    return begun.headers.get('location')!
  }
  const headersAt = (offset: number) => ({
    'content-type': 'application/offset+octet-stream',
    'upload-offset': String(offset),
  })
  const offsetOf = async (path: string) =>
    Number((await call('HEAD', path)).headers.get('upload-offset') ?? 'NaN')

  async function settled(path: string): Promise<WireUpload> {
    for (let n = 0; n < 600; n++) {
      const upload = (await (await call('GET', path)).json()) as WireUpload
      if (upload.state === 'done' || upload.state === 'failed') return upload
      await pause(50)
    }
    return assert.fail('the upload is not settled')
  }

  async function digestOf({ image }: WireUpload): Promise<string> {
    const response = await call('GET', `/ui/api/v1/images/${image}/file`)
    return sha512(Buffer.from(await response.arrayBuffer()))
  }

  async function files(): Promise<string[]> {
    const entries = await readdir(join(at.dataDir, 'blobs'), { recursive: true, withFileTypes: true })
    return entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
  }

  /** Waits for the sweep that follows the start. */
  async function left(expected: number): Promise<void> {
    for (let n = 0; n < 200 && (await files()).length !== expected; n++) await pause(50)
    assert.equal((await files()).length, expected)
  }

  test('whole parts stay, what was cut is swept, and the rest is sent from there', async () => {
    const bytes = noise(30 * mib)
    const path = await begin(bytes.length)
    const sending = request(`${server.url}${path}`, {
      method: 'PATCH',
      headers: { ...tus, ...headersAt(0), 'content-length': bytes.length },
    })
    sending.on('error', () => {}) // the server dies under it
    sending.write(bytes.subarray(0, 20 * mib))
    for (let n = 0; n < 400 && (await offsetOf(path)) < 16 * mib; n++) await pause(20)
    for (let n = 0; n < 400 && !(await files()).some((name) => name.endsWith('.part')); n++) await pause(20)
    assert.ok((await files()).some((name) => name.endsWith('.part')))
    await crash()
    assert.equal(await offsetOf(path), 16 * mib)
    await left(2)
    const rest = await call('PATCH', path, headersAt(16 * mib), bytes.subarray(16 * mib))
    assert.equal(rest.status, 204)
    const done = await settled(path)
    assert.equal(done.state, 'done')
    assert.equal(await digestOf(done), sha512(bytes))
    await left(1)
  })

  test('what was to be put together is, by the next one', async () => {
    const before = (await files()).length
    const bytes = noise(60 * mib)
    const path = await begin(bytes.length)
    assert.equal((await call('PATCH', path, headersAt(0), bytes)).status, 204)
    await crash()
    const done = await settled(path)
    assert.equal(done.state, 'done', done.failure ?? '')
    assert.equal(await digestOf(done), sha512(bytes))
    await left(before + 1)
  })
})
