import { promises as dns } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { buildConnector } from 'undici'
import { Failure } from '../catalogue/failure.ts'
import { isPublic, parseAddress, unwrap } from './addresses.ts'
import { type AllowList, allowsAddress, allowsHost } from './allow-list.ts'
import { addressOf, notAllowed, portOf } from './url.ts'

export type ResolvedAddress = { readonly address: string; readonly family: number }
export type Lookup = (hostname: string) => Promise<readonly ResolvedAddress[]>

export type Guard = {
  readonly allow: AllowList
  readonly lookup: Lookup
  readonly ownAddresses: () => readonly string[]
  /** Limit for resolving the name, and again for connecting. */
  readonly connectMs: number
  /** Certificates to trust instead of the usual ones. */
  readonly ca?: string
}

/** Where a URL leads: addresses that have been checked, and whether what they answer may be told to the caller. */
export type Target = { readonly addresses: readonly ResolvedAddress[]; readonly public: boolean }

/** What the system's resolver says; each address in the order it prefers. */
export const systemLookup: Lookup = (hostname) => dns.lookup(hostname, { all: true, order: 'verbatim' })

/**
 * Resolves the host of a URL once and checks every address (glance.md section 24.2).
 * @throws Failure `forbidden`, reason `private-address`: some address is not allowed, or there is none.
 */
export async function resolveTarget(url: URL, guard: Guard): Promise<Target> {
  const literal = addressOf(url.hostname)
  const found = literal
    ? [{ address: literal.toString(), family: literal.kind() === 'ipv4' ? 4 : 6 }]
    : await resolve(url.hostname, guard)
  const own = new Set(guard.ownAddresses())
  const port = portOf(url)
  const byName = !literal && allowsHost(guard.allow, url.hostname, port)

  let allPublic = true
  for (const { address: text } of found) {
    const address = parseAddress(withoutZone(text))
    const open = address !== null && isPublic(address) && !own.has(unwrap(address).toString())
    allPublic &&= open
    const allowed =
      byName ||
      (address !== null && allowsAddress(guard.allow, address, port)) ||
      (open && (port === 80 || port === 443))
    if (!allowed) throw hidden(new Error(`${text} port ${port} is not allowed`))
  }
  return { addresses: found, public: allPublic }
}

async function resolve(hostname: string, { lookup, connectMs }: Guard): Promise<readonly ResolvedAddress[]> {
  const timer = new AbortController()
  const late = delay(connectMs, undefined, { signal: timer.signal, ref: false }).then(() => {
    throw new Error(`resolving ${hostname} took longer than ${connectMs} ms`)
  })
  try {
    const found = await Promise.race([lookup(hostname), late])
    if (found.length === 0) throw new Error(`${hostname} has no address`)
    return found
  } catch (cause) {
    // Told apart from a refused address, this would say which internal names exist.
    throw hidden(unreachable(cause))
  } finally {
    timer.abort()
    late.catch(() => {})
  }
}

/** An undici connector that can reach nothing but the checked addresses, whatever the name says by now. */
export function connector(target: Target, guard: Guard): buildConnector.connector {
  const lookup: LookupFunction = (_hostname, options, done) => {
    const [first] = target.addresses
    if (options.all) done(null, [...target.addresses])
    else done(null, first!.address, first!.family)
  }
  const connect = buildConnector({
    lookup,
    timeout: guard.connectMs,
    allowH2: false,
    maxCachedSessions: 0,
    ...(guard.ca === undefined ? {} : { ca: guard.ca }),
  })
  const checked = new Set(target.addresses.map(({ address }) => plain(address)))

  return (options, done) =>
    connect(options, (...result) => {
      const [error, socket] = result
      // The lookup above already pins the connection. This holds should a library ever stop asking it.
      if (!error && !checked.has(plain(socket.remoteAddress ?? ''))) {
        socket.destroy()
        done(new Error(`connected to the unchecked address ${socket.remoteAddress}`), null)
        return
      }
      done(...result)
    })
}

function plain(text: string): string {
  const address = parseAddress(withoutZone(text))
  return address ? unwrap(address).toString() : text
}

function withoutZone(text: string): string {
  return text.replace(/%.*$/, '')
}

/** Words a failure so that it does not tell what is there; the true one is its cause, for the log. */
export function hidden(cause: unknown): Failure {
  return new Failure('forbidden', notAllowed, { reason: 'private-address' }, { cause })
}

export function unreachable(cause: unknown): Failure {
  return new Failure(
    'upstream',
    'The server of this URL cannot be reached.',
    { reason: 'unreachable' },
    { cause },
  )
}
