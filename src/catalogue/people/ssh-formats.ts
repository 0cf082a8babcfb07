/** RFC 5656: the names of elliptic curves in OpenSSH keys → in JSON Web Keys. */
export const curves: ReadonlyMap<string, string> = new Map([
  ['ecdsa-sha2-nistp256', 'P-256'],
  ['ecdsa-sha2-nistp384', 'P-384'],
  ['ecdsa-sha2-nistp521', 'P-521'],
])

/** 1.2.840.10040.4.1 */
const dsaIdentifier = Buffer.from('06072a8648ce380401', 'hex')

/**
 * A DSA key as SubjectPublicKeyInfo (RFC 3279, section 2.3.2): there is no JSON Web Key of this kind.
 * @param parts p, q, g and y, written as both formats write large integers
 */
export function dsaDer([p, q, g, y]: readonly Buffer[]): Buffer {
  const parameters = sequence(integer(p), integer(q), integer(g))
  const bits = tagged(0x03, Buffer.concat([Buffer.of(0), integer(y)]))
  return sequence(sequence(dsaIdentifier, parameters), bits)
}

function integer(part: Buffer | undefined): Buffer {
  return tagged(0x02, part ?? Buffer.alloc(0))
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts))
}

function tagged(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of(tag), length(content.length), content])
}

/** Short form below 128, else the number of length bytes and these. */
function length(bytes: number): Buffer {
  if (bytes < 128) return Buffer.of(bytes)
  const hex = bytes.toString(16)
  const digits = Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex')
  return Buffer.concat([Buffer.of(0x80 | digits.length), digits])
}
