import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import type { Core } from '../core.ts'
import { Failure, isFailure } from '../failure.ts'
import { fold } from '../fold.ts'
import { curves, dsaDer } from './ssh-formats.ts'
import type { Account } from './users.ts'

/** What is kept of a key: a public key is no secret. */
export type SshKeyData = { readonly key: string }

export type PublicKey = {
  readonly key: KeyObject
  /** `SHA256:…`, as ssh-keygen shows it. */
  readonly fingerprint: string
  /** `aa:bb:…`, as people still name keys. */
  readonly md5: string
}

/** Whoever signs with one of them is the user that they belong to (danube.md 7.1). */
export function sshKeys({ database }: Core, byId: (id: number) => Promise<Account | undefined>) {
  return {
    /**
     * The user of this name, when `signed` recognises one of its keys. An unknown user and a wrong signature are the same.
     * @throws Failure `unauthenticated` (reason `unknown` or `disabled`).
     */
    async bySignature(username: string, signed: (key: PublicKey) => boolean): Promise<Account> {
      const rows = await database.db
        .selectFrom('credentials')
        .innerJoin('users', 'users.id', 'credentials.user_id')
        .select(['users.id', 'credentials.data_json'])
        .where('users.username_fold', '=', fold(username))
        .where('credentials.kind', '=', 'ssh-key')
        .orderBy('credentials.id')
        .execute()
      const found = rows.find(({ data_json }) =>
        signed(readPublicKey((JSON.parse(data_json) as SshKeyData).key)),
      )
      const account = found && (await byId(found.id))
      if (!account) throw unauthenticated('unknown')
      if (!account.enabled) throw unauthenticated('disabled')
      return account
    },
  }
}

function unauthenticated(reason: 'unknown' | 'disabled'): Failure {
  return new Failure('unauthenticated', 'The credentials are not valid.', { reason })
}

/** The fewest bits of an RSA or DSA key that are no invitation. */
const fewestBits = 1024

/**
 * Reads a public key as people have it: a line of OpenSSH (`ssh-rsa AAAA… comment`) or PEM.
 * @throws Failure `invalid` (reason `ssh-key`)
 */
export function readPublicKey(text: string): PublicKey {
  try {
    const trimmed = text.trim()
    if (/PRIVATE KEY/.test(trimmed))
      throw refusal('A private key must stay where it is; give the public one.')
    const read = trimmed.startsWith('-----') ? pem(trimmed) : openSsh(trimmed)
    const { modulusLength } = read.key.asymmetricKeyDetails ?? {}
    if (modulusLength !== undefined && modulusLength < fewestBits) throw refusal('The key is too short.')
    return {
      key: read.key,
      fingerprint: `SHA256:${createHash('sha256').update(read.identity).digest('base64').replace(/=+$/, '')}`,
      md5: createHash('md5')
        .update(read.identity)
        .digest('hex')
        .replace(/..(?!$)/g, '$&:'),
    }
  } catch (error) {
    throw isFailure(error) ? error : refusal('This is no public key.', error)
  }
}

/** `identity`: the bytes that a fingerprint is made of. */
type Read = { readonly key: KeyObject; readonly identity: Buffer }

function pem(text: string): Read {
  const key = createPublicKey(text)
  return { key, identity: key.export({ type: 'spki', format: 'der' }) }
}

function openSsh(line: string): Read {
  const [type, base64 = ''] = line.split(/\s+/)
  const identity = Buffer.from(base64, 'base64')
  const [name, ...parts] = partsOf(identity)
  if (name === undefined || name.toString('latin1') !== type) throw refusal('This is no public key.')
  return { key: keyOf(type, parts), identity }
}

/** RFC 4253, section 5: each part after its length. */
function partsOf(bytes: Buffer): Buffer[] {
  const parts: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at)
    if (at + 4 + length > bytes.length) throw refusal('The key is cut off.')
    parts.push(bytes.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return parts
}

const jwk = (key: Readonly<Record<string, string>>) => createPublicKey({ key, format: 'jwk' })
const base64url = (part: Buffer | undefined) => (part ?? Buffer.alloc(0)).toString('base64url')

function keyOf(type: string, parts: readonly Buffer[]): KeyObject {
  if (type === 'ssh-rsa') return jwk({ kty: 'RSA', e: base64url(parts[0]), n: base64url(unsigned(parts[1])) })
  if (type === 'ssh-ed25519') return jwk({ kty: 'OKP', crv: 'Ed25519', x: base64url(parts[0]) })
  if (type === 'ssh-dss') return createPublicKey({ key: dsaDer(parts), format: 'der', type: 'spki' })
  const curve = curves.get(type)
  const point = parts[1]
  // RFC 5656, section 3.1: an uncompressed point, 4 and then both coordinates.
  if (curve && point?.[0] === 4 && point.length % 2 === 1) {
    const half = (point.length + 1) / 2
    return jwk({
      kty: 'EC',
      crv: curve,
      x: base64url(point.subarray(1, half)),
      y: base64url(point.subarray(half)),
    })
  }
  throw refusal(`Keys of type "${type}" are not supported.`)
}

/** The zero byte that keeps a large number from being read as a negative one has no place in a JWK. */
function unsigned(part: Buffer | undefined): Buffer | undefined {
  return part?.[0] === 0 ? part.subarray(1) : part
}

function refusal(message: string, cause?: unknown): Failure {
  return new Failure('invalid', message, { subject: 'ssh-key', reason: 'ssh-key' }, { cause })
}
