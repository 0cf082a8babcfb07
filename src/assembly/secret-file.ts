import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Failure } from '../catalogue/failure.ts'

const keyBytes = 32

/**
 * The installation's key (IMAGEPORT_SECRET_FILE), made on the first start and readable by its own user only. All
 * processes of an installation need the same one: with several machines the operator copies it.
 * @throws Failure `invalid` when the file holds something else
 */
export async function secretKey(path: string): Promise<Buffer> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const present = await readKey(path)
  if (present) return present
  // Written beside and linked into place, so that of several first starts one wins and nobody reads half a key.
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  const file = await open(draft, 'wx', 0o600)
  await file.writeFile(`${randomBytes(keyBytes).toString('hex')}\n`)
  await file.sync()
  await file.close()
  try {
    await link(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await rm(draft)
  }
  return (await readKey(path))!
}

async function readKey(path: string): Promise<Buffer | null> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  if (!/^[0-9a-f]{64}\s*$/.test(text))
    throw new Failure('invalid', `${path} is no secret key: it must hold 64 hexadecimal digits.`, {
      reason: 'secret-key',
    })
  await chmod(path, 0o600)
  return Buffer.from(text.trim(), 'hex')
}
