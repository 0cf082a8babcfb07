import { readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import type { Settings } from '../settings.ts'
import { CliError, misuse } from './errors.ts'

/** Where the server is and who asks (one-catalogue.md section 5). */
export type Connection = { readonly url: URL; readonly authorization: string }

type Environment = Readonly<Record<string, string | undefined>>

/**
 * IMAGEPORT_URL, else the configured host and port; IMAGEPORT_TOKEN, else IMAGEPORT_USERNAME and IMAGEPORT_PASSWORD,
 * else the secret that a server on this machine leaves in its data directory.
 * @throws CliError
 */
export function connectionOf(env: Environment, settings: () => Settings): Connection {
  const said = (name: string) => env[name]?.trim() || undefined
  const address = said('IMAGEPORT_URL')
  const url = address === undefined ? configuredUrl(settings()) : parseUrl(address)
  const token = said('IMAGEPORT_TOKEN')
  if (token !== undefined) return { url, authorization: `Bearer ${token}` }
  const username = said('IMAGEPORT_USERNAME')
  const password = env.IMAGEPORT_PASSWORD
  if (username !== undefined) {
    if (!password) throw misuse('IMAGEPORT_USERNAME is set, but IMAGEPORT_PASSWORD is not.')
    return { url, authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
  }
  // The secret is for this machine's server: it must not be shown to any other.
  if (address !== undefined && !isLoopback(url.hostname))
    throw noCredentials('The server is on another machine.')
  return { url, authorization: `Bearer ${localSecret(settings().dataDir)}` }
}

function parseUrl(text: string): URL {
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash)
    throw misuse(
      `IMAGEPORT_URL: ${text.includes('@') ? 'this' : `"${text}"`} is no address of a server.`,
      'write it as in https://images.example.org; name and password have variables of their own',
    )
  return url
}

function configuredUrl({ host, port }: Settings): URL {
  // "Everywhere" is an address to listen on, not one to call.
  const called = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return new URL(`http://${isIPv6(called) ? `[${called}]` : called}:${port}`)
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

function localSecret(dataDir: string): string {
  const path = join(dataDir, 'local-token')
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EACCES') throw noCredentials(`${path} belongs to the server's own user.`, error)
    throw noCredentials(`There is no ${path}, which a server on this machine would have made.`, error)
  }
}

function noCredentials(why: string, cause?: unknown): CliError {
  return new CliError(`There are no credentials. ${why}`, {
    hint: 'set IMAGEPORT_TOKEN, or IMAGEPORT_USERNAME and IMAGEPORT_PASSWORD; or start the server, with the same IMAGEPORT_DATA_DIR',
    cause,
  })
}
