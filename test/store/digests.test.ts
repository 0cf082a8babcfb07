import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { digestsOf, startDigests } from '../../src/store/digests.ts'
import { digestStream } from '../../src/store/intake.ts'
import type { DigestName } from '../../src/store/store.ts'
import { chunks, fails } from '../suites/store.ts'

const names = ['md5', 'sha1', 'sha256', 'sha512'] as const

function shared(bytes: Uint8Array): Buffer {
  const copy = Buffer.from(new SharedArrayBuffer(bytes.length))
  copy.set(bytes)
  return copy
}

function expected(bytes: Uint8Array) {
  return Object.fromEntries(names.map((name) => [name, createHash(name).update(bytes).digest('hex')]))
}

describe('digests', () => {
  it('keep the order of the pieces, also when several transfers use the same threads', async () => {
    const transfers = Array.from({ length: 5 }, () => randomBytes(1_000_003))
    const results = await Promise.all(
      transfers.map(async (bytes) => {
        const digesting = startDigests(names)
        const pieces = Array.from({ length: 11 }, (_, index) =>
          bytes.subarray(index * 100_000, (index + 1) * 100_000),
        )
        await Promise.all(pieces.map((piece) => digesting.add(shared(piece))))
        return await digesting.finish()
      }),
    )
    assert.deepEqual(results, transfers.map(expected))
  })

  it('of nothing, and none at all', async () => {
    assert.deepEqual(await startDigests(names).finish(), expected(Buffer.alloc(0)))
    assert.deepEqual(await startDigests([]).finish(), {})
    assert.deepEqual(digestsOf(Buffer.from('x'), names), expected(Buffer.from('x')))
  })

  it('bytes are free again when add has settled, not before', async () => {
    const bytes = shared(randomBytes(1_000_000))
    const before = expected(bytes)
    const digesting = startDigests(names)
    await digesting.add(bytes)
    bytes.fill(0)
    assert.deepEqual(await digesting.finish(), before)
  })

  it('a discarded transfer settles what was lent', async () => {
    const digesting = startDigests(names)
    const added = [1, 2, 3].map(() => digesting.add(shared(randomBytes(100_000))))
    digesting.discard()
    digesting.discard()
    await Promise.all(added)
  })

  it('threads are used again', async (t) => {
    const threads = async () => (await readdir('/proc/self/task').catch(() => [])).length
    await startDigests(names).finish()
    const before = await threads()
    if (before === 0) return t.skip('SKIPPED: this system does not show its threads')
    for (let round = 0; round < 10; round++) await startDigests(names).finish()
    assert.ok((await threads()) <= before)
  })

  it('a thread that dies makes its transfers unavailable, and is replaced', async () => {
    const digesting = startDigests(['no-such-digest' as DigestName])
    const added = digesting.add(shared(randomBytes(10)))
    await fails(added, 'unavailable')
    await fails(digesting.finish(), 'unavailable')
    digesting.discard()
    assert.deepEqual(await startDigests(names).finish(), expected(Buffer.alloc(0)))
  })

  it('of a stream', async () => {
    const bytes = randomBytes(3_000_000)
    assert.deepEqual(await digestStream(chunks(bytes), names), {
      size: bytes.length,
      digests: expected(bytes),
    })
    await fails(digestStream(chunks(bytes), names, AbortSignal.abort()), 'interrupted')
  })
})
