import { createHash, timingSafeEqual } from 'node:crypto'
import type { Socket } from 'node:net'

/** In constant time, whatever the lengths. */
export function sameSecret(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}

/** Does the other end of this connection run on this machine? */
export function isLocal({
  remoteAddress = '',
  localAddress = '',
}: Pick<Socket, 'remoteAddress' | 'localAddress'>): boolean {
  const plain = remoteAddress.replace(/^::ffff:/, '')
  return plain === '::1' || plain.startsWith('127.') || (plain !== '' && remoteAddress === localAddress)
}
