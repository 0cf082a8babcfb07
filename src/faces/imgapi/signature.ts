import { type KeyObject, verify } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { PublicKey } from '../../catalogue/people/ssh-keys.ts'

/** `Authorization: Signature keyId="…",algorithm="…",signature="…"` (danube.md 7.1), read but not believed. */
export type Signature = {
  readonly username: string
  /** The fingerprint that the key id names, where it names one. */
  readonly fingerprint: string | null
  readonly algorithm: string
  /** What was signed, in the ways in which clients write it. */
  readonly texts: readonly string[]
  /** The date that was signed, as it was written. */
  readonly date: string
  readonly value: Buffer
}

type Algorithm = { readonly keyType: string; readonly hash: string | null }

const algorithms: ReadonlyMap<string, Algorithm> = new Map<string, Algorithm>([
  ...['sha1', 'sha256', 'sha384', 'sha512'].flatMap((hash): [string, Algorithm][] => [
    [`rsa-${hash}`, { keyType: 'rsa', hash }],
    [`dsa-${hash}`, { keyType: 'dsa', hash }],
    [`ecdsa-${hash}`, { keyType: 'ec', hash }],
  ]),
  ['ed25519-sha512', { keyType: 'ed25519', hash: null }],
])

export type Asked = {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

/** Null when the header is no signature, or signs no date. */
export function readSignature({ method, url, headers }: Asked): Signature | null {
  const [, list] = /^signature\s+(.*)$/is.exec(headers.authorization ?? '') ?? []
  if (list === undefined || list.length > 8192) return null
  const parameters = new Map(
    [...list.matchAll(/([a-zA-Z]+)\s*=\s*"([^"]*)"/g)].map(([, name, value]) => [
      name!.toLowerCase(),
      value!,
    ]),
  )
  const keyId = parameters.get('keyid')
  const algorithm = parameters.get('algorithm')?.toLowerCase()
  const value = parameters.get('signature')
  if (!keyId || !algorithm || !value) return null
  const usual = headers.date === undefined && headers['x-date'] !== undefined ? 'x-date' : 'date'
  const signed = (parameters.get('headers') ?? usual)
    .toLowerCase()
    .split(/\s+/)
    .filter((name) => name !== '')
  const dated = signed.find((name) => name === 'date' || name === 'x-date')
  const headerNamed = (name: string) => {
    if (name === '(request-target)') return `${method.toLowerCase()} ${url}`
    const found = headers[name]
    return Array.isArray(found) ? found.join(', ') : found
  }
  if (
    dated === undefined ||
    signed.some((name) => name !== 'request-line' && headerNamed(name) === undefined)
  )
    return null
  const lines = signed.map((name) =>
    name === 'request-line' ? `${method} ${url} HTTP/1.1` : `${name}: ${headerNamed(name)}`,
  )
  const date = headerNamed(dated)!
  return {
    ...ownerOf(keyId),
    algorithm,
    // Old clients sign the date alone, newer ones a line of the header.
    texts: signed.length === 1 ? [date, lines[0]!] : [lines.join('\n')],
    date,
    value: Buffer.from(value, 'base64'),
  }
}

/** `eva`, `/eva/keys/aa:bb:…`, `/eva/users/…/keys/…`: the account is what counts. */
function ownerOf(keyId: string): { readonly username: string; readonly fingerprint: string | null } {
  const segments = keyId.split('/').filter((segment) => segment !== '')
  const at = segments.lastIndexOf('keys')
  const fingerprint = at > 0 ? segments.slice(at + 1).join('/') : ''
  return { username: segments[0] ?? '', fingerprint: fingerprint === '' ? null : fingerprint }
}

/** Was it made with this key? */
export function isSignedBy(signature: Signature, { key, fingerprint, md5 }: PublicKey): boolean {
  const wanted = signature.fingerprint
  if (wanted !== null && wanted !== fingerprint && wanted !== md5) return false
  const algorithm = algorithms.get(signature.algorithm)
  if (!algorithm || key.asymmetricKeyType !== algorithm.keyType) return false
  return signature.texts.some((text) => isMadeFrom(text, signature.value, key, algorithm.hash))
}

function isMadeFrom(text: string, value: Buffer, key: KeyObject, hash: string | null): boolean {
  try {
    return verify(hash, Buffer.from(text), key, value)
  } catch {
    return false // a value that is no signature of this kind at all
  }
}
