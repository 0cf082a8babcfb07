import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { openAsBlob } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { debianPackage } from '../support/debian.ts'
import { type Imageport, place, startImageport, tokens } from '../support/imageport.ts'
import { type ObjectStore, startObjectStore } from '../support/object-store.ts'
import { client } from '../support/onecloudplanet.ts'
import { freshPostgresUrl } from '../support/postgres.ts'

const run = promisify(execFile)
const sha512 = (bytes: Uint8Array) => createHash('sha512').update(bytes).digest('hex')

const tools = await debianPackage('qemu-utils', 'memtest86+', 'curl')
const skip = tools ? false : 'qemu-utils, memtest86+ and curl cannot be installed here'

/** Real disk images, made by the real qemu-img or taken from a Debian package. */
async function realImages(
  directory: string,
): Promise<readonly { name: string; format: string; path: string }[]> {
  const made = async (format: string, ...options: string[]) => {
    const path = join(directory, `disk.${format}`)
    await run('qemu-img', ['create', '-q', '-f', format === 'vhd' ? 'vpc' : format, ...options, path, '64M'])
    return { name: `a ${format}`, format, path }
  }
  const isos = (await readdir('/boot'))
    .filter((name) => /^memtest.*\.iso$/.test(name))
    .map((name) => join('/boot', name))
  const packaged = '/usr/lib/memtest86+'
  const found = isos[0] ?? join(packaged, (await readdir(packaged)).find((name) => name.endsWith('.iso'))!)
  return [
    await made('qcow2'),
    await made('vmdk', '-o', 'subformat=streamOptimized'),
    await made('vdi'),
    await made('vhd'),
    await made('raw'),
    { name: 'memtest86+', format: 'iso', path: found },
  ]
}

type Installation = { readonly processes: readonly Imageport[]; stop(): Promise<void> }

/** The embedded default: one process, SQLite, local files. */
async function embedded(dataDir: string): Promise<Installation> {
  const server = await startImageport(dataDir)
  return { processes: [server], stop: async () => void (await server.stop()) }
}

/** Several machines: two stateless processes over PostgreSQL and an S3 object store. */
async function shared(dataDir: string, objects: ObjectStore): Promise<Installation> {
  const env = {
    IMAGEPORT_DATABASE_URL: await freshPostgresUrl(),
    IMAGEPORT_STORE_URL: objects.url('images'),
    IMAGEPORT_WORKERS: '1',
  }
  // One key for all processes, as on several machines.
  const secret = { IMAGEPORT_SECRET_FILE: join(dataDir, '..', 'secret.key') }
  const processes = [
    await startImageport(dataDir, { ...env, ...secret }),
    await startImageport(`${dataDir}-2`, { ...env, ...secret }),
  ]
  return { processes, stop: async () => void (await Promise.all(processes.map((server) => server.stop()))) }
}

for (const kind of ['embedded', 'shared'] as const)
  describe(`real disk images through OneCloudPlanet, ${kind}`, { skip }, () => {
    let at: Awaited<ReturnType<typeof place>>
    let objects: ObjectStore | null = null
    let installation: Installation
    let images: Awaited<ReturnType<typeof realImages>>
    let web: Server
    before(async () => {
      at = await place()
      images = await realImages(at.directory)
      if (kind === 'shared') {
        objects = await startObjectStore()
        assert.ok(objects, 'the object store cannot be installed here')
      }
      installation = objects ? await shared(at.dataDir, objects) : await embedded(at.dataDir)
      web = createServer(async (request, response) => {
        const image = images.find(({ format }) => request.url === `/${format}`)
        if (!image) return response.writeHead(404).end()
        response.end(await readFile(image.path))
      })
      await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
    })
    after(async () => {
      web?.close()
      await installation?.stop()
      await objects?.stop()
      await at?.remove()
    })

    /** What is written through one process is read through the other. */
    const first = () => client(installation.processes[0]!.url, tokens.eva)
    const last = () => client(installation.processes.at(-1)!.url, tokens.eva)

    test('by file with curl: listed as the contract says, and back byte for byte', async () => {
      for (const { name, format, path } of images) {
        const { stdout } = await run('curl', [
          '--silent',
          '--show-error',
          '--fail-with-body',
          '--header',
          `Authorization: OpenAPIToken ${tokens.eva}`,
          '--form-string',
          `name=${name}`,
          '--form-string',
          'source=file',
          '--form-string',
          `disk_format=${format}`,
          '--form-string',
          'region=ua-central-1',
          '--form',
          `file=@${path}`,
          first().images,
        ])
        const { id } = JSON.parse(stdout)
        const bytes = await readFile(path)
        const [listed] = await last().list(`filtering=name:${encodeURIComponent(name)}`)
        assert.ok(listed)
        assert.equal(listed.id, id)
        assert.equal(listed.status, 'active')
        assert.equal(listed.size, bytes.length)
        assert.equal(sha512(await last().download(id)), sha512(bytes), name)
      }
    })

    test('by URL: the task runs in whichever process, the same bytes are kept once', async () => {
      const { port } = web.address() as AddressInfo
      for (const { name, format, path } of images) {
        const id = await first().importUrl(`${name} by URL`, format, `http://127.0.0.1:${port}/${format}`)
        const image = await last().settled(id)
        assert.equal(image.status, 'active')
        assert.equal(sha512(await last().download(id)), sha512(await readFile(path)), name)
      }
    })

    test('a download that broke off is resumed with curl', async () => {
      const [image] = await last().list('filtering=name:memtest86*')
      const target = join(at.directory, 'resumed.iso')
      const bytes = await readFile(images.at(-1)!.path)
      const get = (...options: string[]) =>
        run('curl', [
          '--silent',
          '--fail',
          ...options,
          '--output',
          target,
          '--header',
          `Authorization: OpenAPIToken ${tokens.eva}`,
          `${last().images}/${image!.id}/download`,
        ])
      await get('--range', '0-999999')
      assert.equal((await readFile(target)).length, 1_000_000)
      await get('--continue-at', '-')
      assert.equal(sha512(await readFile(target)), sha512(bytes))
    })

    test('a hostile image is refused, by file and by URL, and leaves no bytes', async () => {
      const path = join(at.directory, 'hostile.qcow2')
      await run('qemu-img', [
        'create',
        '-q',
        '-f',
        'qcow2',
        '-u',
        '-b',
        '/etc/passwd',
        '-F',
        'raw',
        path,
        '1M',
      ])
      images = [...images, { name: 'hostile', format: 'hostile', path }]
      for (const format of ['qcow2', 'raw'])
        await assert.rejects(
          first().upload('hostile', format, await openAsBlob(path)),
          /status 400.*backing file/s,
        )
      const { port } = web.address() as AddressInfo
      const id = await first().importUrl('hostile by URL', 'qcow2', `http://127.0.0.1:${port}/hostile`)
      assert.equal((await last().settled(id)).status, 'killed')
    })

    test('deleting the last image frees the bytes', async () => {
      for (const image of await first().list()) await first().remove(image.id)
      assert.deepEqual(await last().list(), [])
      const metrics = await (await fetch(`${installation.processes[0]!.url}/metrics`)).text()
      assert.match(metrics, /imageport_/)
      if (kind === 'embedded') {
        const left = await readdir(join(at.dataDir, 'blobs'), { recursive: true, withFileTypes: true })
        assert.deepEqual(
          left.filter((entry) => entry.isFile()),
          [],
        )
      }
    })
  })
