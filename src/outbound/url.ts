import { isIPv4 } from 'node:net'
import { Failure } from '../catalogue/failure.ts'
import { isPublic, parseAddress } from './addresses.ts'
import { type AllowList, allowsAddress, allowsHost, allowsSomeAddress, plainName } from './allow-list.ts'

/**
 * One sentence for a refused address, a name that does not resolve and a private server that does not answer, so that
 * nobody can map an internal network by trying (glance.md section 24.2).
 */
export const notAllowed = 'The address of this URL is not allowed or cannot be reached.'

/**
 * Everything about a URL that its text alone decides (glance.md section 24.2); names are not resolved here. The text
 * is looked at before parsing, because the parser quietly turns `0x7f000001`, `127.1` or `2130706433` into 127.0.0.1.
 * @throws Failure `invalid`, reason `url`, `scheme`, `userinfo`, `host-spelling`, `port` or `private-address`.
 */
export function checkUrl(text: string, allow: AllowList): URL {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase()
  if (scheme === undefined) throw refusal('url', 'This is not a complete URL.')
  if (scheme !== 'http' && scheme !== 'https') {
    throw refusal('scheme', 'Only http and https URLs can be fetched.')
  }

  // The parser would strip or replace these, and so make something else of the text than we looked at.
  const authority = /^[a-z]+:\/\/([^/?#]*)/i.exec(text)?.[1]
  if (!authority || /[\s\\\p{Cc}]/u.test(text)) throw refusal('url', 'This URL is malformed.')
  if (authority.includes('@')) throw refusal('userinfo', 'A URL must not contain a user name or password.')

  const host = authority.replace(/:\d*$/, '')
  const url = URL.parse(text)
  if (!url || url.hostname === '') {
    throw /(?:^|\.)(?:\d+|0x[\da-f]*)\.?$/i.test(host) ? spelling() : refusal('url', 'This URL is malformed.')
  }
  if (!isWrittenAs(host, url.hostname)) throw spelling()

  checkTarget(url, allow)
  return url
}

/** Host names may differ in case and be international; addresses have exactly one spelling. */
function isWrittenAs(host: string, parsed: string): boolean {
  const address = addressOf(parsed)
  if (!address) return /[^\p{ASCII}]/u.test(host) || host.toLowerCase() === parsed
  // RFC 5952 section 5 writes mapped addresses with a dotted end, the URL standard in hexadecimal.
  const mapped = /^\[::ffff:([\d.]+)\]$/.exec(host)?.[1]
  return host === parsed || (mapped !== undefined && isIPv4(mapped))
}

function checkTarget(url: URL, allow: AllowList): void {
  const port = portOf(url)
  const usual = port === 80 || port === 443
  const address = addressOf(url.hostname)
  if (address) {
    if (allowsAddress(allow, address, port)) return
    if (!isPublic(address)) throw refusal('private-address', notAllowed)
    if (!usual) throw portRefusal()
    return
  }
  if (allowsHost(allow, url.hostname, port)) return
  if (isLocalName(url.hostname)) {
    const loopback = ['127.0.0.1', '::1'].map((text) => parseAddress(text)!)
    if (!loopback.some((each) => allowsAddress(allow, each, port)))
      throw refusal('private-address', notAllowed)
  }
  if (!usual && !allowsSomeAddress(allow, port)) throw portRefusal()
}

/** RFC 6761: `localhost` and everything below it is this machine. */
function isLocalName(host: string): boolean {
  return /(?:^|\.)localhost$/.test(plainName(host))
}

/** The port that is connected to. */
export function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
}

/** The address that a URL's host is, null where it is a name. */
export function addressOf(hostname: string) {
  return parseAddress(hostname.replace(/^\[(.*)\]$/, '$1'))
}

/**
 * Where a redirect leads, after the same checks. The Location is untrusted text like any other, so its host is looked
 * at as it was written.
 * @throws Failure `forbidden` (reason `private-address`) or `upstream` (reason `redirects`: not followed on principle).
 */
export function checkRedirect(from: URL, location: string, allow: AllowList): URL {
  let target: URL
  try {
    target = checkUrl(absolute(from, location), allow)
  } catch (cause) {
    const reason = cause instanceof Failure ? cause.detail.reason : undefined
    if (reason === 'private-address' || reason === 'port') {
      throw new Failure('forbidden', notAllowed, { reason: 'private-address' }, { cause })
    }
    throw new Failure(
      'upstream',
      'The server redirects to a URL that is not followed.',
      { reason: 'redirects' },
      { cause },
    )
  }
  if (from.protocol === 'https:' && target.protocol === 'http:') {
    throw new Failure('upstream', 'The server redirects from https to http.', { reason: 'redirects' })
  }
  return target
}

function absolute(from: URL, location: string): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(location)) return location
  if (/^[/\\]{2}/.test(location)) return from.protocol + location
  return URL.parse(location, from)?.href ?? location
}

function spelling(): Failure {
  return refusal('host-spelling', 'The host of this URL is not written in its usual form.')
}

function portRefusal(): Failure {
  return refusal('port', 'Only ports 80 and 443 can be fetched from.')
}

function refusal(reason: string, message: string): Failure {
  return new Failure('invalid', message, { reason, fields: { url: [message] } })
}
