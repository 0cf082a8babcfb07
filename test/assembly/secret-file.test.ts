import assert from 'node:assert/strict'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { localToken, secretKey } from '../../src/assembly/secret-file.ts'
import { isFailure } from '../../src/catalogue/failure.ts'

test('the local secret is made once, for its owner only, and renewed when it is broken', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'imageport-local-'))
  try {
    const dataDir = join(directory, 'data')
    const [one, two] = await Promise.all([localToken(dataDir), localToken(dataDir)])
    assert.equal(one, two)
    assert.match(one, /^[0-9a-f]{64}$/)
    assert.equal((await stat(join(dataDir, 'local-token'))).mode & 0o777, 0o600)
    await writeFile(join(dataDir, 'local-token'), one.slice(0, 10))
    assert.notEqual(await localToken(dataDir), one)
  } finally {
    await rm(directory, { recursive: true })
  }
})

test('the key is made once; another content is refused, because it could open nothing that is stored', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'imageport-key-'))
  try {
    const path = join(directory, 'below', 'secret.key')
    const [one, two] = await Promise.all([secretKey(path), secretKey(path)])
    assert.equal(one.length, 32)
    assert.deepEqual(one, two)
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    await writeFile(path, 'something else')
    await assert.rejects(secretKey(path), (error) => isFailure(error, 'invalid'))
  } finally {
    await rm(directory, { recursive: true })
  }
})
