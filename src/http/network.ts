import ipaddr from 'ipaddr.js'

/** One customer has a whole /64 of IPv6 addresses, and one IPv4 address in two spellings. */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address
  const parsed = ipaddr.process(address)
  if (parsed.kind() === 'ipv4') return parsed.toString()
  return `${(parsed as ipaddr.IPv6).parts.slice(0, 4).join(':')}/64`
}
