import { isIPv4, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import ipaddr from 'ipaddr.js'

export type Address = ipaddr.IPv4 | ipaddr.IPv6

/** Reads an address in its usual notation; null for everything else, `127.1`, `0x7f000001` and zone ids included. */
export function parseAddress(text: string): Address | null {
  // ipaddr.js alone would read the old numeric spellings; node:net knows only the strict ones.
  if (isIPv4(text)) return ipaddr.IPv4.parse(text)
  if (!isIPv6(text) || text.includes('%')) return null
  // It also takes ::8.8.8.8 for ::ffff:8.8.8.8, which is another address; the URL standard's spelling has no dots.
  return ipaddr.IPv6.parse(new URL(`http://[${text}]/`).hostname.slice(1, -1))
}

/**
 * The IPv4 address that a packet to this IPv6 address ends up at (mapped, translated, NAT64, 6to4), or the address
 * itself. An address must be judged by where it leads.
 */
export function unwrap(address: Address): Address {
  if (address.kind() === 'ipv4') return address
  const { parts } = address as ipaddr.IPv6
  switch (address.range()) {
    case 'ipv4Mapped':
    case 'rfc6145':
      return fromWords(parts[6]!, parts[7]!)
    case 'rfc6052':
      // 64:ff9b::/96 holds the IPv4 address at its end. In 64:ff9b:1::/48 each network decides, so it stays as it is.
      return parts[2] === 0 ? fromWords(parts[6]!, parts[7]!) : address
    case '6to4':
      return fromWords(parts[1]!, parts[2]!)
    default:
      return address
  }
}

function fromWords(high: number, low: number): ipaddr.IPv4 {
  return new ipaddr.IPv4([high >> 8, high & 0xff, low >> 8, low & 0xff])
}

/**
 * True for addresses of the public Internet (glance.md section 24.2). Loopback, link-local, unspecified, multicast,
 * broadcast, private, unique-local, carrier-grade NAT, documentation and every other special range are not.
 */
export function isPublic(address: Address): boolean {
  const real = unwrap(address)
  if (real.range() !== 'unicast') return false
  // Outside 2000::/3 nothing is assigned, but for instance ::127.0.0.1 (IPv4-compatible) may still be routed somewhere.
  return real.kind() === 'ipv4' || (real as ipaddr.IPv6).parts[0]! >> 13 === 1
}

/** Addresses of this machine, public ones included: what listens on them was not meant for strangers. */
export function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address))
}
