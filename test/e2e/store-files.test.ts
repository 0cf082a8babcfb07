import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, open, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { filesStore } from '../../src/store/files.ts'
import { chunks, fails, killWhileReceiving, listed, readAll, storeSuite } from '../suites/store.ts'

const run = promisify(execFile)
const mib = 1024 * 1024
const usual = { digests: ['md5', 'sha1', 'sha512'] } as const

storeSuite('files', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'imageport-files-'))
  return {
    store: filesStore({ name: 'default', directory }),
    again: async ({ readOnly }) => filesStore({ name: 'again', directory, readOnly }),
    dispose: () => rm(directory, { recursive: true, force: true }),
  }
})

async function freshStore(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'imageport-files-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  const store = filesStore({ name: 'default', directory })
  await store.open()
  return { store, directory }
}

describe('files on the disk', () => {
  it('lie where the layout says, for the owner only', async (t) => {
    const { store, directory } = await freshStore(t)
    const id = 'ab12cd34-0000-4000-8000-000000000000'
    const folder = join(directory, 'ab')
    async function* watched() {
      yield Buffer.alloc(2 * mib)
      assert.deepEqual(await readdir(folder), [`${id}.part`])
    }
    await store.receive(id, watched(), usual)
    assert.deepEqual(await readdir(folder), [id])
    assert.equal((await stat(join(folder, id))).mode & 0o777, 0o600)
    for (const each of [folder, directory]) assert.equal((await stat(each)).mode & 0o777, 0o700)
    const space = await store.space()
    assert.ok(space && space.freeBytes > 0 && space.totalBytes > space.freeBytes)
  })

  it('an id is used once', async (t) => {
    const { store } = await freshStore(t)
    const id = randomUUID()
    async function* source() {
      await fails(store.receive(id, chunks(Buffer.from('second')), usual), 'conflict')
      yield Buffer.from('first')
    }
    await store.receive(id, source(), usual)
    await fails(store.receive(id, chunks(Buffer.from('third')), usual), 'conflict')
    assert.equal((await readAll(store, id)).toString(), 'first')
  })

  it('a blob deleted while it is received does not appear', async (t) => {
    const { store } = await freshStore(t)
    const id = randomUUID()
    const accept = () => store.delete(id)
    await fails(store.receive(id, chunks(Buffer.alloc(mib)), { ...usual, accept }), 'interrupted')
    assert.deepEqual(await listed(store), [])
  })

  it('a file that was cut is data-lost', async (t) => {
    const { store, directory } = await freshStore(t)
    const id = randomUUID()
    await store.receive(id, chunks(randomBytes(4 * mib)), usual)
    const path = join(directory, id.slice(0, 2), id)
    const reader = store.read(id)[Symbol.asyncIterator]()
    await reader.next()
    await truncate(path, 2 * mib)
    await fails(
      (async () => {
        while (!(await reader.next()).done);
      })(),
      'data-lost',
    )
    await fails(readAll(store, id, { start: mib, end: 3 * mib }), 'data-lost')
  })

  it('closes the file when the reader stops early', async (t) => {
    const { store, directory } = await freshStore(t)
    const id = randomUUID()
    await store.receive(id, chunks(randomBytes(4 * mib)), usual)
    for await (const chunk of store.read(id)) if (chunk) break
    const { stdout } = await run('ls', ['-l', `/proc/${process.pid}/fd`]).catch(() => ({ stdout: '' }))
    assert.ok(!stdout.includes(directory), 'no open file below the store')
  })

  it('foreign files are left alone', async (t) => {
    const { store, directory } = await freshStore(t)
    await mkdir(join(directory, 'ab', 'abcdef0123'), { recursive: true })
    await mkdir(join(directory, 'lost+found'))
    await writeFile(join(directory, 'ab', 'README'), '')
    await writeFile(join(directory, 'note'), '')
    assert.deepEqual(await listed(store), [])
  })

  it('a directory that cannot be used is unavailable', async (t) => {
    const { directory } = await freshStore(t)
    await writeFile(join(directory, 'file'), '')
    await fails(
      filesStore({ name: 'default', directory: join(directory, 'file', 'x') }).open(),
      'unavailable',
    )
    const gone = filesStore({ name: 'default', directory: join(directory, 'gone') })
    await fails(listed(gone), 'unavailable')
    await fails(gone.space(), 'unavailable')
    await fails(
      filesStore({ name: 'default', directory: join(directory, 'gone'), readOnly: true }).open(),
      'unavailable',
    )
  })
})

describe('files, when something breaks', () => {
  it('a full file system is no-space, and the store works again when there is room', async (t) => {
    if (process.getuid?.() !== 0) return t.skip('SKIPPED: needs root to mount a small file system')
    const directory = await mkdtemp(join(tmpdir(), 'imageport-small-'))
    t.after(async () => {
      await run('umount', [directory]).catch(() => {})
      await rm(directory, { recursive: true, force: true })
    })
    const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'small', directory]).catch(() => null)
    if (!mounted) return t.skip('SKIPPED: this machine lets nobody mount a small file system')
    const store = filesStore({ name: 'default', directory })
    await store.open()
    const first = randomUUID()
    await store.receive(first, chunks(randomBytes(2 * mib)), usual)
    await fails(store.receive(randomUUID(), chunks(randomBytes(8 * mib)), usual), 'no-space')
    assert.deepEqual(
      (await listed(store)).map(({ id }) => id),
      [first],
    )
    // Full to the last byte it still opens, and reads.
    await assert.rejects(writeFile(join(directory, 'filler'), Buffer.alloc(4 * mib)), { code: 'ENOSPC' })
    await store.open()
    assert.equal((await readAll(store, first)).length, 2 * mib)
    await rm(join(directory, 'filler'))
    await store.receive(randomUUID(), chunks(randomBytes(mib)), usual)
    assert.equal((await listed(store)).length, 2)
  })

  for (const [code, expected] of [
    ['ENOSPC', 'no-space'],
    ['EDQUOT', 'no-space'],
    ['EIO', 'unavailable'],
  ] as const) {
    it(`${code} from the disk is ${expected}, wherever it strikes`, async (t) => {
      const { store, directory } = await freshStore(t)
      const bytes = randomBytes(3 * mib + 5)
      const handle = await open(join(directory, 'probe'), 'w')
      const prototype = Object.getPrototypeOf(handle)
      await handle.close()
      const error = Object.assign(new Error(code), { code })
      const { write } = prototype
      for (const [index, at] of [0, mib, 3 * mib].entries()) {
        const mark = bytes.subarray(at, at + 5)
        // Only our own bytes: other tests may be writing, too.
        const mock = t.mock.method(
          prototype,
          'write',
          function (this: unknown, buffer: Buffer, ...rest: unknown[]) {
            if (Buffer.isBuffer(buffer) && buffer.subarray(0, 5).equals(mark)) return Promise.reject(error)
            return write.call(this, buffer, ...rest)
          },
        )
        const failure = await fails(store.receive(randomUUID(), chunks(bytes), usual), expected)
        assert.equal(failure.cause, error)
        assert.equal(mock.mock.callCount(), [1, 2, 4][index], 'nothing is written after the error')
        mock.mock.restore()
        assert.deepEqual(await listed(store), [])
      }
      const id = randomUUID()
      await store.receive(id, chunks(bytes), usual)
      assert.ok(bytes.equals(await readAll(store, id)))
    })
  }

  it('kill -9 leaves a .part, which is listed as incomplete and can be removed', async (t) => {
    const { store, directory } = await freshStore(t)
    const id = randomUUID()
    await killWhileReceiving(`filesStore(${JSON.stringify({ name: 'default', directory })})`, id, 5 * mib)
    assert.deepEqual(await readdir(join(directory, id.slice(0, 2))), [`${id}.part`])
    const [found, ...others] = await listed(store)
    assert.deepEqual({ ...found, modifiedAt: 0 }, { id, size: 5 * mib, modifiedAt: 0, complete: false })
    assert.deepEqual(others, [])
    assert.equal(await store.size(id), null)
    await fails(readAll(store, id), 'data-lost')
    await store.delete(id)
    assert.deepEqual(await listed(store), [])
  })

  it('waiting digest threads do not keep a process alive', async (t) => {
    const { directory } = await freshStore(t)
    const script = `
      import { filesStore } from ${JSON.stringify(new URL('../../src/store/files.ts', import.meta.url).href)}
      const store = filesStore({ name: 'default', directory: ${JSON.stringify(directory)} })
      async function* source() { yield Buffer.alloc(${3 * mib}) }
      const { digests } = await store.receive('abcdef0123', source(), { digests: ['md5'] })
      console.log(digests.md5)
    `
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { timeout: 20_000 })
    assert.equal(stdout.trim(), 'd1dd210d6b1312cb342b56d02bd5e651')
  })
})
