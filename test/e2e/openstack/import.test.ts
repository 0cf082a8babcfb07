import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { type FileServer, fileServer } from '../../support/file-server.ts'
import { type Imageport, place, startImageport } from '../../support/imageport.ts'

const sha512 = (bytes: Uint8Array) => createHash('sha512').update(bytes).digest('hex')
const stores = ['fast', 'bulk', 'cold']

/** glance.md 13.3: `kill -9` at any moment of an import, and another server goes on where it was. */
describe('a server with several stores that is killed while it imports', () => {
  let at: Awaited<ReturnType<typeof place>>
  let source: FileServer
  let server: Imageport
  let token: string
  before(async () => {
    at = await place()
    source = await fileServer()
    server = await start()
    token = await login()
  })
  after(async () => {
    await server.kill()
    await source.close()
    await at.remove()
  })

  const start = () =>
    startImageport(at.dataDir, {
      IMAGEPORT_STORE_URL: stores.map((name) => `${name}=file:stores/${name}`).join(','),
    })

  async function login(): Promise<string> {
    const domain = { id: 'default' }
    const password = { user: { name: 'eva', domain, password: 'secret' } }
    const scope = { project: { name: 'acme', domain } }
    const response = await fetch(`${server.url}/identity/v3/auth/tokens`, {
      method: 'POST',
      body: JSON.stringify({ auth: { identity: { methods: ['password'], password }, scope } }),
    })
    assert.equal(response.status, 201, await response.text())
    return response.headers.get('x-subject-token')!
  }

  async function ask(method: string, path: string, body?: object | Uint8Array): Promise<Response> {
    const bytes = body instanceof Uint8Array
    const response = await fetch(`${server.url}/v2${path}`, {
      method,
      headers: {
        'x-auth-token': token,
        'content-type': bytes ? 'application/octet-stream' : 'application/json',
      },
      ...(body ? { body: bytes ? new Blob([new Uint8Array(body)]) : JSON.stringify(body) } : {}),
    })
    assert.ok(response.ok, `${method} ${path}: ${response.status}`)
    return response
  }

  // biome-ignore lint/suspicious/noExplicitAny: compared with what the contract says
  const json = async (path: string): Promise<any> => (await ask('GET', path)).json()

  async function create(): Promise<string> {
    const facts = { name: 'imported', disk_format: 'raw', container_format: 'bare' }
    const { id } = (await (await ask('POST', '/images', facts)).json()) as { id: string }
    return id
  }

  /** The image once its only task has ended well, checked in every store. */
  async function isWhole(id: string, bytes: Uint8Array): Promise<void> {
    for (let tries = 0; ; tries++) {
      const [task, ...others] = (await json(`/images/${id}/tasks`)).tasks
      assert.deepEqual(others, [])
      if (task.status === 'success') break
      assert.notEqual(task.status, 'failure', task.message)
      assert.ok(tries < 1000, 'the import did not end')
      await pause(20)
    }
    const image = await json(`/images/${id}`)
    assert.deepEqual(
      [image.status, image.stores, image.size, image.os_hash_value],
      ['active', 'bulk,cold,fast', bytes.length, sha512(bytes)],
    )
    assert.deepEqual([image.os_glance_importing_to_stores, image.os_glance_failed_import], ['', ''])
    for (const store of stores) {
      const read = await ask('GET', `/images/${id}/file?prefer=${store}`)
      assert.equal(sha512(new Uint8Array(await read.arrayBuffer())), sha512(bytes), store)
    }
  }

  async function filesIn(store: string): Promise<string[]> {
    const folder = join(at.dataDir, 'stores', store)
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    return entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
  }

  /** The sweep begins right after the start; it is done when only whole files are left. */
  async function sweptTo(expected: number): Promise<void> {
    let found: string[] = []
    for (let tries = 0; tries < 100; tries++) {
      found = (await Promise.all(stores.map(filesIn))).flat()
      if (found.length === expected && !found.some((name) => name.endsWith('.part'))) return
      await pause(50)
    }
    assert.fail(`expected ${expected} whole files, found ${found.join(' ')}`)
  }

  async function crash(): Promise<void> {
    await server.kill()
    server = await start()
  }

  test('in the middle of the download: it is fetched anew', async () => {
    const bytes = randomBytes(4_000_000)
    let stalled = true
    source.files.set('/disk', async (_request, response) => {
      response.writeHead(200, { 'content-length': bytes.length })
      response.write(bytes.subarray(0, 2_000_000))
      while (stalled && !response.destroyed) await pause(20)
      response.end(bytes.subarray(2_000_000))
    })
    const id = await create()
    const method = { name: 'web-download', uri: `${source.url}/disk` }
    await ask('POST', `/images/${id}/import`, { method, all_stores: true })
    for (let tries = 0; source.requests.length === 0; tries++) {
      assert.ok(tries < 500, 'nothing was fetched')
      await pause(10)
    }
    // Half of the bytes are on their way into a file by then.
    await pause(100)
    assert.ok((await filesIn('fast')).some((name) => name.endsWith('.part')))
    await server.kill()
    stalled = false
    server = await start()
    await isWhole(id, bytes)
    assert.equal(source.requests.length, 2)
    await sweptTo(3)
    await ask('DELETE', `/images/${id}`)
    await sweptTo(0)
  })

  test('at arbitrary moments of copying from store to store: nothing is lost, doubled or left over', async () => {
    for (let round = 0; round < 4; round++) {
      const bytes = randomBytes(16_000_000)
      const id = await create()
      await ask('PUT', `/images/${id}/stage`, bytes)
      await ask('POST', `/images/${id}/import`, { method: { name: 'glance-direct' }, all_stores: true })
      await pause(round * 50)
      await crash()
      await isWhole(id, bytes)
      await sweptTo(3)
      await ask('DELETE', `/images/${id}`)
    }
    await sweptTo(0)
  })
})
