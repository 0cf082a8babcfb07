import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import type { WireImage, WireImageList, WireTask, WireTaskList } from '../../../src/faces/console/wire.ts'
import { debianPackage } from '../../support/debian.ts'
import { type Installation, install, start } from './run.ts'

const mebibyte = 1024 * 1024
const sha512 = (bytes: Uint8Array) => createHash('sha512').update(bytes).digest('hex')

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function stop(server: Server): Promise<void> {
  server.close()
  server.closeAllConnections()
  await once(server, 'close')
}

describe('command line: images', () => {
  let site: Installation
  before(async () => {
    site = await install({ IMAGEPORT_IMPORT_ALLOW: '127.0.0.1' })
  })
  after(() => site.close())

  const file = (name: string) => join(site.folder, name)

  test('a real qcow2 goes up, is listed and shown, comes down byte by byte, and goes', async (t) => {
    if (!(await debianPackage('qemu-utils')))
      return t.skip('qemu-img is missing and cannot be installed here')
    await promisify(execFile)('qemu-img', ['create', '-q', '-f', 'qcow2', file('Debian 13.qcow2'), '1G'])
    const bytes = await readFile(file('Debian 13.qcow2'))

    const made = await site.json<WireImage>(
      ...['image', 'upload', 'Debian 13.qcow2', '--tag', 'a', '--tag', 'b', '--property', 'note=x=y'],
      ...['--os-distro', 'debian', '--min-disk', '2', '--protected'],
    )
    assert.deepEqual(
      [
        made.name,
        made.status,
        made.diskFormat,
        made.containerFormat,
        made.size,
        made.virtualSize,
        made.sha512,
      ],
      ['Debian 13', 'active', 'qcow2', 'bare', bytes.length, 1024 * mebibyte, sha512(bytes)],
    )
    assert.deepEqual(made.tags, ['a', 'b'])
    assert.deepEqual(made.properties, { note: 'x=y', os_distro: 'debian' })

    const { images, total } = await site.json<WireImageList>('image', 'list', '--tag', 'a')
    assert.deepEqual([images, total], [[made], 1])
    const listed = await site.run(['image', 'list', '--tag', 'a'])
    const [title, line, ...rest] = listed.stdout.trimEnd().split('\n')
    assert.deepEqual([title!.indexOf('NAME'), rest], [line!.indexOf('Debian 13'), []])
    const shown = await site.run(['image', 'show', 'Debian-13'])
    assert.match(shown.stdout, new RegExp(`sha512 +${sha512(bytes)}\n`))
    assert.match(shown.stdout, /protected +yes\n/)

    const downloaded = await site.run(['image', 'download', made.uuid, 'copy.qcow2'])
    assert.deepEqual([downloaded.code, downloaded.stdout, downloaded.stderr], [0, 'copy.qcow2\n', ''])
    assert.ok((await readFile(file('copy.qcow2'))).equals(bytes))
    const again = await site.run(['image', 'download', made.uuid, 'copy.qcow2'])
    assert.equal(again.code, 2)
    assert.match(again.stderr, /^imageport: copy\.qcow2 exists already \(replace it with --force\)\n$/)

    const kept = await site.run(['image', 'delete', made.uuid])
    assert.equal(kept.code, 1)
    assert.match(kept.stderr, /is protected.*--no-protected/)
    const changed = await site.json<WireImage>(
      ...['image', 'set', 'Debian-13', '--no-protected', '--untag', 'a', '--unset', 'note', '--tag', 'c'],
    )
    assert.deepEqual(
      [changed.protected, changed.tags, changed.properties],
      [false, ['b', 'c'], { os_distro: 'debian' }],
    )
    assert.equal((await site.run(['image', 'delete', made.uuid])).code, 0)
    assert.equal((await site.run(['image', 'show', made.uuid])).code, 1)
  })

  test('an upload that the server refuses leaves no image, and says why', async () => {
    await writeFile(file('fake.qcow2'), randomBytes(100_000))
    const refused = await site.run(['image', 'upload', 'fake.qcow2', '--name', 'fake', '--json'])
    assert.deepEqual([refused.code, refused.stdout], [1, ''])
    assert.match(refused.stderr, /^imageport: The image is declared to be qcow2, but its content is raw\.\n$/)
    assert.equal((await site.json<WireImageList>('image', 'list', '--search', 'fake')).total, 0)
    assert.match((await site.run(['image', 'upload', 'absent.img'])).stderr, /absent\.img does not exist/)
    await writeFile(file('unknown'), randomBytes(1000))
    const unknown = await site.run(['image', 'upload', 'unknown'])
    assert.equal(unknown.code, 2)
    assert.match(unknown.stderr, /cannot be guessed.*--format/)
  })

  test('an upload that is interrupted leaves no image and no bytes', async () => {
    await writeFile(file('slow.img'), randomBytes(3 * mebibyte))
    // Takes what the client sends and gives the server less than all, so that the upload stands still.
    const slow = await proxy((from, to) => {
      let passed = 0
      from.on('data', (chunk: Buffer) => {
        if (passed < mebibyte) to.write(chunk)
        passed += chunk.length
      })
      if (from.method !== 'PUT') from.on('end', () => to.end())
    })
    try {
      const uploading = start(
        ['image', 'upload', 'slow.img', '--name', 'slow'],
        { ...site.env, IMAGEPORT_URL: slow.url },
        site.folder,
      )
      await until(
        async () => (await site.json<WireImageList>('image', 'list', '--status', 'saving')).total === 1,
      )
      uploading.child.kill('SIGINT')
      const { code, stderr } = await uploading.ended
      assert.deepEqual([code, stderr], [1, 'imageport: Interrupted.\n'])
      assert.equal((await site.json<WireImageList>('image', 'list', '--search', 'slow')).total, 0)
      const blobs = join(site.dataDir, 'blobs')
      await until(
        async () => !(await readdir(blobs, { recursive: true })).some((name) => name.endsWith('.part')),
      )
    } finally {
      await slow.close()
    }
  })

  test('standard input and output can be used instead of files', async () => {
    const { stdout } = await site.run(
      ['image', 'upload', '-', '--name', 'piped', '--format', 'raw', '--json'],
      {
        input: 'some bytes',
      },
    )
    const made = JSON.parse(stdout) as WireImage
    assert.deepEqual([made.status, made.size], ['active', 10])
    assert.equal((await site.run(['image', 'download', 'piped', '-'])).stdout, 'some bytes')
  })

  test('a broken download is continued where it broke off', async () => {
    const bytes = randomBytes(12 * mebibyte)
    await writeFile(file('big.img'), bytes)
    const { uuid } = await site.json<WireImage>('image', 'upload', 'big.img')
    const ranges: (string | undefined)[] = []
    const breaking = await proxy((from, to, response) => {
      from.pipe(to)
      if (!from.url!.endsWith('/file')) return
      ranges.push(from.headers.range)
      if (ranges.length > 1) return
      to.on('response', (answer) => {
        let passed = 0
        answer.on('data', (chunk: Buffer) => {
          passed += chunk.length
          if (passed > 5 * mebibyte) response.destroy()
        })
      })
    })
    try {
      const options = { env: { IMAGEPORT_URL: breaking.url } }
      const broken = await site.run(['image', 'download', uuid], options)
      assert.equal(broken.code, 1)
      assert.match(broken.stderr, /connection broke.*continues where this one ended/)
      const { size } = await stat(file('big.raw.part'))
      assert.ok(size > 0 && size < bytes.length)
      assert.equal((await site.run(['image', 'download', uuid], options)).code, 0)
      assert.deepEqual(ranges, [undefined, `bytes=${size}-`])
      assert.ok((await readFile(file('big.raw'))).equals(bytes))
      assert.ok(!(await readdir(site.folder)).includes('big.raw.part'))

      // What is no part of the image is not built upon.
      await writeFile(file('big.raw.part'), 'something else')
      const renewed = await site.run(['image', 'download', uuid, '--force'])
      assert.equal(renewed.code, 0)
      assert.match(renewed.stderr, /no part of this image/)
      assert.ok((await readFile(file('big.raw'))).equals(bytes))
    } finally {
      await breaking.close()
    }
  })

  test('an image is fetched from a URL, with its digest', async () => {
    const bytes = randomBytes(2 * mebibyte)
    const source = createServer((incoming, outgoing) => {
      if (incoming.url !== '/pool/disk%201.img') return outgoing.writeHead(404).end()
      outgoing
        .writeHead(200, { 'content-length': bytes.length })
        .end(incoming.method === 'HEAD' ? undefined : bytes)
    })
    const address = `${await listen(source)}/pool/disk%201.img`
    try {
      const made = await site.json<WireImage>('image', 'import', address, '--wait', '--sha512', sha512(bytes))
      assert.deepEqual([made.name, made.status, made.size], ['disk 1', 'active', bytes.length])
      const wrong = await site.run([
        'image',
        'import',
        address,
        '--name',
        'wrong',
        '--wait',
        '--md5',
        '0'.repeat(32),
      ])
      assert.equal(wrong.code, 1)
      assert.match(
        wrong.stderr,
        /^imageport: import-url failed: The md5 of the bytes is [0-9a-f]{32}, expected was 0+\.\n$/,
      )
      assert.equal((await site.json<WireImage>('image', 'show', 'wrong')).status, 'killed')
      const { tasks } = await site.json<WireTaskList>('task', 'list', '--kind', 'import-url')
      assert.deepEqual(
        tasks.map(({ state }) => state),
        ['failed', 'succeeded'],
      )
      const shown = await site.json<WireTask>('task', 'show', tasks[1]!.id)
      assert.equal(shown.image, made.uuid)
      const absent = await site.run(['image', 'import', `${address}x`, '--format', 'raw'])
      assert.equal(absent.code, 1)
      assert.match(absent.stderr, /status 404/)
      assert.match((await site.run(['image', 'import', `${address}x`])).stderr, /cannot be guessed.*--format/)
    } finally {
      await stop(source)
    }
  })

  test('several at once: what works is done, what does not is told', async () => {
    await writeFile(file('one.img'), 'one')
    await writeFile(file('two.img'), 'two')
    const [one, two] = [
      await site.json<WireImage>('image', 'upload', 'one.img'),
      await site.json<WireImage>('image', 'upload', 'two.img'),
    ]
    const off = await site.json<WireImage[]>('image', 'deactivate', 'one', 'two')
    assert.deepEqual(
      off.map(({ status }) => status),
      ['deactivated', 'deactivated'],
    )
    const gone = await site.run(['image', 'delete', one.uuid, 'nothing', two.uuid, '--json'])
    assert.equal(gone.code, 1)
    assert.equal(gone.stderr, 'imageport: nothing: No image found with ID nothing\n')
    assert.deepEqual(JSON.parse(gone.stdout), [
      { id: one.uuid, deleted: true },
      { id: two.uuid, deleted: true },
    ])
  })

  test('files named by others are kept inside of the folder', async () => {
    await mkdir(file('inner'), { recursive: true })
    await writeFile(file('plain.img'), 'plain')
    const { uuid } = await site.json<WireImage>(
      'image',
      'upload',
      'plain.img',
      '--name',
      '../../e\u001b[31mvil/.x',
    )
    const got = await site.run(['image', 'download', uuid])
    assert.deepEqual([got.code, got.stdout], [0, '_.._evil_.x.raw\n'])
    const listed = await site.run(['image', 'list'])
    assert.ok(!listed.stdout.includes('\u001b'))
    await rm(file('_.._evil_.x.raw'))
  })

  /** Stands between a command and the server; `pass` decides what goes through. */
  async function proxy(
    pass: (from: IncomingMessage, to: ReturnType<typeof request>, response: ServerResponse) => void,
  ) {
    const server = createServer((incoming, response) => {
      const target = new URL(incoming.url!, site.url)
      const { expect: _expect, ...headers } = incoming.headers
      const outgoing = request(target, { method: incoming.method!, headers })
      outgoing.on('response', (answer) => {
        response.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(response)
      })
      outgoing.on('error', () => response.destroy())
      response.on('close', () => outgoing.destroy())
      pass(incoming, outgoing, response)
    })
    const url = await listen(server)
    return { url, close: () => stop(server) }
  }
})

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 100; i++) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  assert.fail('it did not come to pass')
}
