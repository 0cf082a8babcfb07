import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Failure } from '../catalogue/failure.ts'

/**
 * The installation's key (IMAGEPORT_SECRET_FILE): 32 bytes. All processes of an installation need the same one; with
 * several machines the operator copies it.
 * @throws Failure `invalid` when the file holds something else: a new key could open nothing that is stored
 */
export async function secretKey(path: string): Promise<Buffer> {
  return Buffer.from(await secretIn(path, 'refuse'), 'hex')
}

/**
 * The secret by which commands on the server's own machine are recognised: whoever can read this file could read
 * the database beside it as well. A broken one (a file cut by a full disk) is made anew.
 */
export function localToken(dataDir: string): Promise<string> {
  return secretIn(join(dataDir, 'local-token'), 'replace')
}

/** 32 random bytes in hex, made when they are missing and readable by their own user only. */
async function secretIn(path: string, broken: 'refuse' | 'replace'): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const present = await read(path, broken)
  if (present) return present
  // Written beside and linked into place, so that of several first starts one wins and nobody reads half a secret.
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  const file = await open(draft, 'wx', 0o600)
  await file.writeFile(`${randomBytes(32).toString('hex')}\n`)
  await file.sync()
  await file.close()
  try {
    await link(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await rm(draft)
  }
  return (await read(path, broken))!
}

async function read(path: string, broken: 'refuse' | 'replace'): Promise<string | null> {
  let text: string
  try {
    text = (await readFile(path, 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  if (/^[0-9a-f]{64}$/.test(text)) {
    await chmod(path, 0o600)
    return text
  }
  if (broken === 'refuse')
    throw new Failure('invalid', `${path} is no secret key: it must hold 64 hexadecimal digits.`, {
      reason: 'secret-key',
    })
  await rm(path)
  return null
}
