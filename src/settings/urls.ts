import { resolve } from 'node:path'
import { mustBe, setting } from './values.ts'

/** One place for bytes, as IMAGEPORT_STORE_URL names it. */
export type StoreUrl = FileStoreUrl | S3StoreUrl

type NamedStore = {
  /** `default` where the setting gives no name. */
  readonly name: string
  readonly readOnly: boolean
}

export type FileStoreUrl = NamedStore & { readonly type: 'file'; readonly directory: string }

export type S3StoreUrl = NamedStore & {
  readonly type: 's3'
  readonly bucket: string
  /** Goes before every key; empty, or ends in a slash. */
  readonly prefix: string
  /** Null: Amazon's, by region. */
  readonly endpoint: string | null
  readonly region: string
  /** The bucket in the path instead of the host name; true unless said otherwise where an endpoint is given. */
  readonly pathStyle: boolean
  /** Null: from where the SDK finds them (its own environment variables, files, instance role). */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | null
}

const storeForm =
  'file:/a/directory or s3://bucket?endpoint=https://…, several as fast=file:/…,bulk=s3://… with different names'

/** What IMAGEPORT_STORE_URL says, the default store first. Secret, because keys may stand in the URL. */
export function storeUrls(cwd: string) {
  return setting(
    (text): readonly StoreUrl[] => {
      const stores = text.split(',').map((part) => storeUrl(part.trim(), cwd))
      if (new Set(stores.map(({ name }) => name)).size < stores.length) throw mustBe(storeForm)
      return stores
    },
    { secret: true },
  )
}

function storeUrl(part: string, cwd: string): StoreUrl {
  const match = /^(?:([A-Za-z0-9][\w-]{0,63})=)?(file|s3):(.+)$/s.exec(part)
  if (!match) throw mustBe(storeForm)
  const [, name = 'default', scheme, rest = ''] = match
  return scheme === 'file' ? fileStore(name, rest, cwd) : s3Store(name, rest)
}

function fileStore(name: string, rest: string, cwd: string): FileStoreUrl {
  const [place = '', query = ''] = rest.split('?', 2)
  const options = optionsOf(query, ['read_only'])
  // file:data/blobs, file:/data/blobs and file:///data/blobs
  const directory = place.replace(/^\/\/(?=\/)/, '')
  if (directory === '' || directory.startsWith('//')) throw mustBe(storeForm)
  return { name, type: 'file', directory: resolve(cwd, directory), readOnly: flag(options, 'read_only') }
}

function s3Store(name: string, rest: string): S3StoreUrl {
  const url = parseUrl(`s3:${rest}`, storeForm)
  if (url.hostname === '' || url.port !== '' || url.hash !== '') throw mustBe(storeForm)
  if ((url.username === '') !== (url.password === '')) {
    throw mustBe('a store with both keys or none, as in s3://KEY:SECRET@bucket (special characters as %2F)')
  }
  const options = optionsOf(url.search.slice(1), ['endpoint', 'region', 'path_style', 'read_only'])
  const endpoint = options.has('endpoint')
    ? httpUrl(options.get('endpoint')!, 'a store whose endpoint is')
    : null
  const prefix = decode(url.pathname).replace(/^\/+|\/+$/g, '')
  return {
    name,
    type: 's3',
    bucket: url.hostname,
    prefix: prefix === '' ? '' : `${prefix}/`,
    endpoint,
    region: options.get('region') ?? 'us-east-1',
    pathStyle: flag(options, 'path_style', endpoint !== null),
    credentials:
      url.username === ''
        ? null
        : { accessKeyId: decode(url.username), secretAccessKey: decode(url.password) },
    readOnly: flag(options, 'read_only'),
  }
}

function optionsOf(query: string, known: readonly string[]): URLSearchParams {
  const options = new URLSearchParams(query)
  for (const key of options.keys()) {
    if (!known.includes(key)) throw mustBe(`a store with the options ${known.join(', ')} only`)
  }
  return options
}

function flag(options: URLSearchParams, name: string, otherwise = false): boolean {
  const value = options.get(name)
  if (value === null) return otherwise
  if (value !== 'true' && value !== 'false') throw mustBe(`a store whose ${name} is true or false`)
  return value === 'true'
}

/** `sqlite:` with an absolute path, `sqlite::memory:`, or a PostgreSQL URL as it was given. Secret: it may hold a password. */
export function databaseUrl(cwd: string) {
  const form = 'sqlite:/a/file or postgres://user:password@host/name'
  return setting(
    (text) => {
      const file = /^sqlite:(?:\/\/(?=\/))?(.+)$/s.exec(text)?.[1]
      if (file === ':memory:') return text
      if (file !== undefined && !file.startsWith('//')) return `sqlite:${resolve(cwd, file)}`
      if (/^postgres(ql)?:\/\//.test(text)) {
        parseUrl(text, form)
        return text
      }
      throw mustBe(form)
    },
    { secret: true },
  )
}

/** The origin that links begin with; the faces' paths are fixed, so it can have none of its own. */
export function origin() {
  return setting((text) => {
    const url = parseUrl(httpUrl(text, ''), '')
    if (url.pathname === '/') return url.origin
    throw mustBe(`an origin without a path, as in ${url.origin} (the paths of the APIs are fixed)`)
  })
}

/** An http or https URL without a slash at its end. Secret, because somebody may put a password into it. */
export function serviceUrl() {
  return setting((text) => httpUrl(text, ''), { secret: true })
}

function httpUrl(text: string, subject: string): string {
  const form = `${subject} an http or https URL without user, query and fragment`.trimStart()
  const url = parseUrl(text, form)
  const extra = url.username + url.password + url.search + url.hash
  if (!/^https?:\/\//i.test(text) || extra !== '') throw mustBe(form)
  return url.href.replace(/\/+$/, '')
}

function parseUrl(text: string, form: string): URL {
  const url = URL.parse(text)
  if (!url) throw mustBe(form)
  return url
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw mustBe('a store URL in which a percent sign is written %25')
  }
}
