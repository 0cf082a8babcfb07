/** What every store has to do. Run on each implementation; see test/store. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { after, afterEach, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure, isFailure } from '../../src/catalogue/failure.ts'
import type { Digests, Received, ReceiveOptions, Store, StoredBlob } from '../../src/store/store.ts'

export type StoreUnderTest = {
  readonly store: Store
  /** Another Store object over the same bytes. */
  again(options: { readOnly: boolean }): Promise<Store>
  dispose(): Promise<void>
}

const kib = 1024
const mib = 1024 * kib
const allDigests = ['md5', 'sha1', 'sha256', 'sha512'] as const
const usual: ReceiveOptions = { digests: ['md5', 'sha1', 'sha512'] }

/** `make` returning null skips the suite; it has said why. */
export function storeSuite(name: string, make: () => Promise<StoreUnderTest | null>): void {
  describe(`store: ${name}`, () => {
    let made: StoreUnderTest | null = null
    let store: Store

    before(async () => {
      made = await make()
      if (!made) return
      store = made.store
      await store.open()
    })
    afterEach(async () => {
      // Every test removes its blobs, and what failed must have left nothing.
      if (made) assert.deepEqual(await listed(store), [])
    })
    after(async () => {
      await store?.close()
      await made?.dispose()
    })

    const test = (title: string, body: () => Promise<void>) =>
      it(title, async (t) => {
        if (!made) return t.skip(`${name} cannot be started on this machine`)
        await body()
      })

    test('keeps bytes of any size and computes their digests', async () => {
      const sizes = [0, 1, 1000, 256 * kib - 1, 256 * kib, mib, mib + 1, 3 * mib + 77, 17 * mib + 5]
      for (const size of sizes) {
        const id = randomUUID()
        const bytes = randomBytes(size)
        const received = await store.receive(id, chunks(bytes, 65_521), { digests: allDigests })
        assert.deepEqual(received, { size, digests: digestsOf(bytes) }, `${size} bytes`)
        assert.equal(await store.size(id), size)
        assert.ok(bytes.equals(await readAll(store, id)), `${size} bytes come back`)
        assert.deepEqual(await store.digest(id, allDigests), received)
        await store.delete(id)
        assert.equal(await store.size(id), null)
      }
    })

    test('takes chunks larger than its own buffers, and empty ones', async () => {
      const id = randomUUID()
      const bytes = randomBytes(20 * mib)
      async function* source() {
        yield bytes.subarray(0, 0)
        yield bytes.subarray(0, 18 * mib)
        yield bytes.subarray(0, 0)
        yield bytes.subarray(18 * mib)
      }
      const received = await store.receive(id, source(), { digests: ['sha1'] })
      assert.deepEqual(received.digests, { sha1: createHash('sha1').update(bytes).digest('hex') })
      assert.ok(bytes.equals(await readAll(store, id)))
      await store.delete(id)
    })

    test('reads ranges', async () => {
      const id = randomUUID()
      const bytes = randomBytes(3 * mib + 11)
      const last = bytes.length - 1
      await store.receive(id, chunks(bytes), usual)
      const ranges = [
        [0, 0],
        [0, last],
        [last, last],
        [mib - 1, mib],
        [5, 2 * mib + 7],
        [mib, 2 * mib - 1],
      ] as const
      for (const [start, end] of ranges) {
        const part = await readAll(store, id, { start, end })
        assert.ok(bytes.subarray(start, end + 1).equals(part), `${start}-${end}`)
      }
      await fails(readAll(store, id, { start: 0, end: last + 1 }), 'data-lost')
      await fails(readAll(store, id, { start: last + 1, end: last + 9 }), 'data-lost')
      await fails(readAll(store, id, { start: 5, end: 4 }), 'range')
      await fails(readAll(store, id, { start: -1, end: 4 }), 'range')
      await fails(readAll(store, id, { start: 0, end: 1.5 }), 'range')
      await store.delete(id)
    })

    test('a reader may stop early', async () => {
      const id = randomUUID()
      await store.receive(id, chunks(randomBytes(5 * mib)), { digests: [] })
      for (let round = 0; round < 5; round++) {
        let seen = 0
        for await (const chunk of store.read(id)) {
          seen += chunk.length
          if (seen > round * mib) break
        }
      }
      await store.delete(id)
    })

    test('a missing blob is data-lost before the first chunk', async () => {
      const id = randomUUID()
      await fails(store.read(id)[Symbol.asyncIterator]().next(), 'data-lost')
      await fails(store.digest(id, ['md5']), 'data-lost')
      assert.equal(await store.size(id), null)
      await store.delete(id)
    })

    test('refuses ids that could lead elsewhere', async () => {
      for (const id of [
        '',
        'short',
        '../../etc/passwd',
        'ABCDEF0123',
        'abcdef01/2345',
        'a'.repeat(65),
        'abcdef01.part',
      ]) {
        await fails(store.receive(id, chunks(Buffer.from('x')), usual), 'invalid')
        await fails(store.read(id)[Symbol.asyncIterator]().next(), 'invalid')
        await fails(store.size(id), 'invalid')
        await fails(store.delete(id), 'invalid')
      }
    })

    test('lists what is complete, and shows nothing under the id before', async () => {
      const ids = [randomUUID(), randomUUID(), randomUUID()]
      for (const [index, id] of ids.entries()) {
        async function* watched() {
          yield* chunks(randomBytes(20 * mib * index + 10))
          assert.equal(await store.size(id), null)
          assert.ok((await listed(store)).every((blob) => blob.id !== id || !blob.complete))
        }
        await store.receive(id, watched(), { digests: [] })
      }
      const found = await listed(store)
      assert.deepEqual(
        found.map(({ id, size, complete }) => ({ id, size, complete })).sort((a, b) => a.size - b.size),
        ids.map((id, index) => ({ id, size: 20 * mib * index + 10, complete: true })),
      )
      assert.ok(found.every((blob) => Math.abs(blob.modifiedAt - Date.now()) < 120_000))
      for (const id of ids) await store.delete(id)
    })

    for (const size of [10, 3 * mib, 40 * mib]) {
      test(`nothing remains of ${size} bytes when something fails`, async () => {
        const id = randomUUID()
        const half = () => chunks(randomBytes(size))
        async function* breaking() {
          yield* half()
          throw new Error('socket hang up')
        }
        async function* failing() {
          yield* half()
          throw new Failure('upstream', 'The other server broke off.')
        }
        await fails(store.receive(id, breaking(), usual), 'interrupted')
        await fails(store.receive(id, failing(), usual), 'upstream')
        const refused = new Failure('content', 'hostile')
        await fails(
          store.receive(id, half(), {
            ...usual,
            accept: async (received) => {
              assert.equal(received.size, size)
              throw refused
            },
          }),
          'content',
        )
        let seen = 0
        const inspect = (chunk: Uint8Array) => {
          seen += chunk.length
          if (seen === size) throw refused
        }
        await fails(store.receive(id, half(), { ...usual, inspect }), 'content')
        const tooLarge = await fails(store.receive(id, half(), { ...usual, maxBytes: size - 1 }), 'too-large')
        assert.equal(tooLarge.detail.reason, 'image-size')
        assert.deepEqual(await listed(store), [])
        await store.receive(id, half(), { ...usual, maxBytes: size })
        await store.delete(id)
      })

      test(`an abort ends the transfer after ${size} bytes, also of a silent sender`, async () => {
        const control = new AbortController()
        let closed = false
        async function* silent() {
          try {
            yield* chunks(randomBytes(size))
            await sleep(50)
            control.abort(new Error('lease lost'))
            await sleep(5)
            yield Buffer.from('late')
            await sleep(60_000, undefined, { ref: false })
          } finally {
            closed = true
          }
        }
        await fails(
          store.receive(randomUUID(), silent(), { ...usual, signal: control.signal }),
          'interrupted',
        )
        await sleep(20)
        assert.ok(closed, 'the source was told that nobody reads it any more')
      })
    }

    test('an abort before the start and one while the bytes are accepted', async () => {
      let asked = false
      async function* source() {
        asked = true
        yield Buffer.from('x')
      }
      const signal = AbortSignal.abort()
      await fails(store.receive(randomUUID(), source(), { ...usual, signal }), 'interrupted')
      assert.equal(asked, false)
      const control = new AbortController()
      const accept = () => control.abort()
      await fails(
        store.receive(randomUUID(), source(), { ...usual, signal: control.signal, accept }),
        'interrupted',
      )
    })

    test('shows the bytes to inspect in order, then the digests to accept, and tells progress', async () => {
      const id = randomUUID()
      const bytes = randomBytes(2 * mib)
      const inspected = createHash('sha1')
      const progress: number[] = []
      let accepted: Received | undefined
      const received = await store.receive(id, chunks(bytes), {
        ...usual,
        inspect: (chunk) => void inspected.update(chunk),
        accept: async (all) => {
          assert.equal(await store.size(id), null, 'not visible before it is accepted')
          accepted = all
        },
        progress: (done) => void progress.push(done),
      })
      assert.equal(inspected.digest('hex'), received.digests.sha1)
      assert.deepEqual(accepted, received)
      assert.equal(progress.at(-1), bytes.length)
      assert.deepEqual(
        progress,
        [...progress].sort((a, b) => a - b),
      )
      await store.delete(id)
    })

    test('several transfers at once do not mix, and sleeping senders stop nobody', async () => {
      const wake = new AbortController()
      const sleepers = Array.from({ length: 20 }, async () => {
        const id = randomUUID()
        async function* slow() {
          yield Buffer.from('first')
          await new Promise<void>((resolve) => wake.signal.addEventListener('abort', () => resolve()))
          yield Buffer.from('second')
        }
        await store.receive(id, slow(), usual)
        return id
      })
      const busy = await Promise.all(
        Array.from({ length: 6 }, async (_, index) => {
          const id = randomUUID()
          const bytes = randomBytes(4 * mib + index)
          const received = await store.receive(id, chunks(bytes, 10_007), { digests: allDigests })
          assert.deepEqual(received.digests, digestsOf(bytes))
          assert.ok(bytes.equals(await readAll(store, id)))
          return id
        }),
      )
      wake.abort()
      const slow = await Promise.all(sleepers)
      assert.equal(Buffer.from(await readAll(store, slow[0]!)).toString(), 'firstsecond')
      for (const id of [...busy, ...slow]) await store.delete(id)
    })

    test('a second Store over the same place sees the bytes; a read-only one changes nothing', async () => {
      const id = randomUUID()
      await store.receive(id, chunks(Buffer.from('shared')), usual)
      const other = await made!.again({ readOnly: true })
      await other.open()
      assert.equal((await readAll(other, id)).toString(), 'shared')
      await fails(other.delete(id), 'forbidden')
      await fails(other.receive(randomUUID(), chunks(Buffer.from('x')), usual), 'forbidden')
      await other.close()
      await store.delete(id)
      await store.delete(id)
    })
  })
}

/** The bytes in pieces, in one buffer that is overwritten for every piece, as a socket may do. */
export async function* chunks(bytes: Buffer, size = 64 * kib): AsyncGenerator<Uint8Array> {
  const reused = Buffer.alloc(size)
  for (let at = 0; at < bytes.length; at += size) {
    const length = bytes.copy(reused, 0, at, at + size)
    yield reused.subarray(0, length)
  }
}

export async function readAll(
  store: Store,
  id: string,
  range?: { start: number; end: number },
): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const chunk of store.read(id, range)) parts.push(Buffer.from(chunk))
  return Buffer.concat(parts)
}

export async function listed(store: Store): Promise<StoredBlob[]> {
  const blobs: StoredBlob[] = []
  for await (const blob of store.list()) blobs.push(blob)
  return blobs
}

/**
 * Another process begins to receive `bytes` under the id and is killed in the middle of it, as by a power cut.
 * @param make the text of an expression for the store; `filesStore` and `s3Store` are at hand.
 */
export async function killWhileReceiving(make: string, id: string, bytes: number): Promise<void> {
  const module = (name: string) => JSON.stringify(new URL(`../../src/store/${name}.ts`, import.meta.url).href)
  const script = `
    import { filesStore } from ${module('files')}
    import { s3Store } from ${module('s3')}
    async function* source() {
      for (let sent = 0; sent < ${bytes}; sent += 65536) yield Buffer.alloc(65536, 7)
      await new Promise((resolve) => setTimeout(resolve, 500))
      process.stdout.write('now')
      await new Promise((resolve) => setTimeout(resolve, 60_000))
    }
    await (${make}).receive(${JSON.stringify(id)}, source(), { digests: ['md5'] })
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve(signal ?? code)))
  child.stdout.once('data', () => child.kill('SIGKILL'))
  assert.equal(await ended, 'SIGKILL')
}

/** Asserts that it ends with a Failure of this code, and returns it. */
export async function fails(promise: Promise<unknown>, code: Failure['code']): Promise<Failure> {
  const error = await promise.then(
    () => assert.fail(`should have failed with ${code}`),
    (error: unknown) => error,
  )
  if (!isFailure(error)) throw error
  assert.equal(error.code, code, error.message)
  return error
}

function digestsOf(bytes: Uint8Array): Digests {
  const entries = allDigests.map((name) => [name, createHash(name).update(bytes).digest('hex')] as const)
  return Object.fromEntries(entries)
}
