import {
  argon2,
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import { promisify } from 'node:util'
import { Failure } from '../failure.ts'

/** Everything that is kept secret at rest; made from the one key of the installation (IMAGEPORT_SECRET_FILE). */
export type Secrets = {
  /** For passwords that people choose: argon2id, 19 MiB, 2 passes. */
  hash(password: string): Promise<string>
  /** Compares in constant time; with no stored hash it takes just as long and says false. */
  matches(password: string, hash: string | null): Promise<boolean>
  /** The keyed digest by which a token is found without being stored. */
  lookup(token: string): string
  /** For what must be given back in clear (login passwords of registrations, callback keys). */
  encrypt(text: string): string
  decrypt(sealed: string): string
}

const argon2Async = promisify(argon2)

/** What one hash takes: KiB of memory, and how often it is gone through. */
export type HashCost = { readonly memory: number; readonly passes: number }
const usualCost: HashCost = { memory: 19 * 1024, passes: 2 }

/**
 * @param key 32 bytes
 * @param cost of new hashes; those that are there tell their own. Tests that are about something else take less.
 */
export function secretsOf(key: Buffer, cost = usualCost): Secrets {
  if (key.length !== 32)
    throw new Failure('invalid', 'The secret key must have 32 bytes.', { reason: 'secret-key' })
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', key, '', `imageport ${purpose}`, 32))
  const lookupKey = derive('lookup')
  const sealKey = derive('seal')

  async function hash(password: string, nonce = randomBytes(16)): Promise<string> {
    const tag = await argon2Async('argon2id', {
      message: password,
      nonce,
      ...cost,
      parallelism: 1,
      tagLength: 32,
    })
    return `argon2id$${cost.memory}$${cost.passes}$${nonce.toString('base64')}$${tag.toString('base64')}`
  }
  /** Compared with when there is no such user, so that the answer takes as long. */
  let decoy: Promise<string> | undefined

  return {
    hash: (password) => hash(password),

    async matches(password, stored) {
      // Waited for whether it is needed or not: also the first answer must not tell whether there is such a user.
      decoy ??= hash(randomBytes(16).toString('hex'))
      const instead = await decoy.catch((error) => {
        decoy = undefined
        throw error
      })
      const [, memory, passes, nonce, tag] = (stored ?? instead).split('$')
      const wanted = Buffer.from(tag!, 'base64')
      const found = await argon2Async('argon2id', {
        message: password,
        nonce: Buffer.from(nonce!, 'base64'),
        memory: Number(memory),
        passes: Number(passes),
        parallelism: 1,
        tagLength: wanted.length,
      })
      return timingSafeEqual(found, wanted) && stored !== null
    },

    lookup: (token) => createHmac('sha256', lookupKey).update(token).digest('hex'),

    encrypt(text) {
      const iv = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', sealKey, iv)
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64')
    },

    decrypt(sealed) {
      const all = Buffer.from(sealed, 'base64')
      const decipher = createDecipheriv('aes-256-gcm', sealKey, all.subarray(0, 12))
      decipher.setAuthTag(all.subarray(12, 28))
      return Buffer.concat([decipher.update(all.subarray(28)), decipher.final()]).toString('utf8')
    },
  }
}
