import { Failure } from '../catalogue/failure.ts'
import { type Address, parseAddress, unwrap } from './addresses.ts'

type Network = { readonly kind: 'network'; readonly base: Address; readonly prefix: number }
type Host = { readonly kind: 'host'; readonly name: string }

/** `port` null means 80, 443 and 1024 upwards. */
export type AllowEntry = (Network | Host) & { readonly port: number | null }
export type AllowList = readonly AllowEntry[]

/**
 * Reads IMAGEPORT_IMPORT_ALLOW (one-catalogue.md section 5): comma-separated addresses, CIDRs and host names, each
 * with an optional `:port`. IPv6 with a port is written `[fd00::1]:8080`, `[fd00::]/8:8080` or `fd00::/8:8080`.
 * @throws Failure `invalid` (reason `import-allow`), naming the entry that cannot be understood.
 */
export function parseAllowList(text: string): AllowList {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map(parseEntry)
}

function parseEntry(entry: string): AllowEntry {
  const { host, prefix, port } = splitEntry(entry)
  const number = port === undefined ? null : Number(port)
  if (number !== null && (number < 1 || number > 65535)) throw notUnderstood(entry)

  const address = parseAddress(host)
  if (address) return { ...network(entry, address, prefix), port: number }
  if (prefix !== undefined || !isHostName(host)) throw notUnderstood(entry)
  return { kind: 'host', name: plainName(host), port: number }
}

function splitEntry(entry: string): { host: string; prefix?: string | undefined; port?: string | undefined } {
  // Two colons and no bracket: IPv6, where only what follows a prefix length can be a port.
  const form = entry.startsWith('[')
    ? /^\[([^\]/]+)(?:\/(\d{1,3}))?\](?:\/(\d{1,3}))?(?::(\d{1,5}))?$/
    : /^[^:]*:[^:]*:/.test(entry)
      ? /^([0-9A-Fa-f:.]+)(?:\/(\d{1,3}))?()(?:(?<=\/\d+):(\d{1,5}))?$/
      : /^([^:/[\]]+)(?:\/(\d{1,3}))?()(?::(\d{1,5}))?$/
  const match = form.exec(entry)
  if (!match || (match[2] !== undefined && match[3])) throw notUnderstood(entry)
  return { host: match[1]!, prefix: match[2] ?? (match[3] || undefined), port: match[4] }
}

function network(entry: string, address: Address, prefix: string | undefined): Network {
  const bits = address.kind() === 'ipv4' ? 32 : 128
  const length = prefix === undefined ? bits : Number(prefix)
  if (length > bits) throw notUnderstood(entry)
  // A mapped address is reached over IPv4, and is compared as such.
  if (address.range() === 'ipv4Mapped' && length >= 96) {
    return { kind: 'network', base: unwrap(address), prefix: length - 96 }
  }
  return { kind: 'network', base: address, prefix: length }
}

/** Labels of letters, digits, hyphen and underscore; the last one not a number, which would be a misspelt address. */
function isHostName(text: string): boolean {
  return text.length <= 253 && /^(?:[\w-]{1,63}\.)*(?!\d+\.?$|0x[\da-f]*\.?$)[\w-]{1,63}\.?$/i.test(text)
}

/** Lower case and without the dot that may end a full name. */
export function plainName(host: string): string {
  return host.toLowerCase().replace(/\.$/, '')
}

/** True when some entry names this address and port, or the network it lies in. */
export function allowsAddress(list: AllowList, address: Address, port: number): boolean {
  return list.some((entry) => entry.kind === 'network' && covers(entry, port) && contains(entry, address))
}

/** True when some entry names this host name and port; then it may resolve to whatever it likes. */
export function allowsHost(list: AllowList, host: string, port: number): boolean {
  const name = plainName(host)
  return list.some((entry) => entry.kind === 'host' && covers(entry, port) && entry.name === name)
}

/** True when a name that no entry names could still be reached on this port, because of the address behind it. */
export function allowsSomeAddress(list: AllowList, port: number): boolean {
  return list.some((entry) => entry.kind === 'network' && covers(entry, port))
}

function covers(entry: AllowEntry, port: number): boolean {
  return entry.port === null ? port === 80 || port === 443 || port >= 1024 : port === entry.port
}

function contains({ base, prefix }: Network, address: Address): boolean {
  // ::/0 does not mean ::ffff:127.0.0.1, which never travels as IPv6. NAT64 and 6to4 match by either of their addresses.
  const candidates = address.range() === 'ipv4Mapped' ? [unwrap(address)] : [address, unwrap(address)]
  return candidates.some((candidate) => candidate.kind() === base.kind() && candidate.match(base, prefix))
}

function notUnderstood(entry: string): Failure {
  return new Failure(
    'invalid',
    `IMAGEPORT_IMPORT_ALLOW: "${entry}" is neither an address, a CIDR nor a host name, with or without :port.`,
    { reason: 'import-allow' },
  )
}
