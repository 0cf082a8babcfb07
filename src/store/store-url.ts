/** Reads what IMAGEPORT_STORE_URL says. */
import { isAbsolute, join, relative, resolve } from 'node:path'
import { Failure } from '../catalogue/failure.ts'
import type { S3Options } from './s3.ts'

/** One store as the settings name it. */
export type StorePlan =
  | { readonly type: 'file'; readonly name: string; readonly directory: string; readonly readOnly: boolean }
  | ({ readonly type: 's3'; readonly readOnly: boolean } & S3Options)

const s3Parameters = ['endpoint', 'region', 'accessKey', 'secretKey', 'pathStyle', 'readOnly']

/**
 * Reads the setting: one URL, or several as `name=URL,name=URL` (a comma within a URL is written %2C).
 * `file:` is `blobs` below `dataDirectory`, `file:below` another directory there, `file:/abs/path` that one;
 * `s3://bucket/prefix?endpoint=&region=&accessKey=&secretKey=&pathStyle=true`; all take `readOnly=true`.
 * @throws Failure `invalid`
 */
export function parseStores(setting: string, dataDirectory: string): readonly StorePlan[] {
  const entries = setting.split(',').map((entry) => entry.trim())
  const plans = entries.map((entry, index) => {
    const named = /^([^=:/?]*)=(.*)$/s.exec(entry)
    if (!named && entries.length > 1) throw bad(`entry ${index + 1} has no name; write name=URL`)
    const name = named?.[1] ?? 'default'
    if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(name)) {
      throw bad(`the name of entry ${index + 1} must consist of letters, digits, - and _`)
    }
    return parseStore(name, named?.[2] ?? entry, dataDirectory)
  })
  const places = new Set<string>()
  for (const [index, plan] of plans.entries()) {
    if (plans.findIndex((other) => other.name === plan.name) < index)
      throw bad(`two stores are named ${plan.name}`)
    const place =
      plan.type === 'file' ? plan.directory : `${plan.endpoint ?? ''} ${plan.bucket} ${plan.prefix ?? ''}`
    // Each of them would sweep away the bytes of the other.
    if (places.has(place)) throw bad(`store ${plan.name}: another store is in the same place`)
    places.add(place)
  }
  if (plans[0]!.readOnly)
    throw bad(`store ${plans[0]!.name}: the first store takes new images and cannot be read-only`)
  return plans
}

function parseStore(name: string, text: string, dataDirectory: string): StorePlan {
  // Secrets may be in it, so no message repeats the text.
  const parts = /^([A-Za-z][A-Za-z0-9+.-]*):([^?#]*)(?:\?([^#]*))?$/.exec(text)
  if (!parts) throw bad(`store ${name}: this is not a URL; it begins with file: or s3:`)
  const [, scheme, place = '', query = ''] = parts
  const parameters = new Map(new URLSearchParams(query))
  const known = scheme === 'file' ? ['readOnly'] : s3Parameters
  if (scheme !== 'file' && scheme !== 's3')
    throw bad(`store ${name}: the kind ${scheme} is neither file nor s3`)
  for (const key of parameters.keys()) {
    if (!known.includes(key)) throw bad(`store ${name}: there is no parameter ${key} for ${scheme}`)
  }
  const readOnly = flag(name, parameters, 'readOnly') ?? false
  if (scheme === 's3') return { ...parseS3(name, place, parameters), type: 's3', readOnly }
  return { type: 'file', name, directory: parseDirectory(name, place, dataDirectory), readOnly }
}

function parseDirectory(name: string, place: string, dataDirectory: string): string {
  if (/^\/\/[^/]/.test(place)) throw bad(`store ${name}: a file URL has no host; write file:/path`)
  const path = decode(name, place.replace(/^\/\/(?=\/)/, ''))
  if (path.includes('\0')) throw bad(`store ${name}: the path is not valid`)
  if (isAbsolute(path)) return resolve(path)
  if (path === '') return join(resolve(dataDirectory), 'blobs')
  const below = resolve(dataDirectory, path)
  const way = relative(resolve(dataDirectory), below)
  if (way.split(/[/\\]/)[0] === '..') throw bad(`store ${name}: the path leads out of the data directory`)
  return below
}

function parseS3(
  name: string,
  place: string,
  parameters: ReadonlyMap<string, string>,
): Omit<S3Options, 'readOnly'> {
  const [, bucket = '', path = ''] = /^\/\/([^/]*)\/?(.*)$/s.exec(place) ?? []
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,62}$/.test(bucket)) {
    throw bad(`store ${name}: the bucket is missing or not valid; write s3://bucket`)
  }
  const prefix = decode(name, path).replace(/\/*$/, '/').replace(/^\/+/, '')
  const endpoint = parameters.get('endpoint')
  if (endpoint !== undefined && !/^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')) {
    throw bad(`store ${name}: the endpoint is not an http or https URL`)
  }
  const region = parameters.get('region')
  if (region === '') throw bad(`store ${name}: the region is empty`)
  const accessKeyId = parameters.get('accessKey')
  const secretAccessKey = parameters.get('secretKey')
  if (!accessKeyId !== !secretAccessKey) throw bad(`store ${name}: accessKey and secretKey belong together`)
  // The client library wants one; servers other than Amazon's mostly ignore it.
  const usualRegion = endpoint && !process.env.AWS_REGION ? 'us-east-1' : undefined
  return {
    name,
    bucket,
    prefix,
    pathStyle: flag(name, parameters, 'pathStyle') ?? endpoint !== undefined,
    ...(endpoint && { endpoint }),
    ...((region ?? usualRegion) && { region: region ?? usualRegion }),
    ...(accessKeyId && secretAccessKey && { credentials: { accessKeyId, secretAccessKey } }),
  }
}

function flag(name: string, parameters: ReadonlyMap<string, string>, key: string): boolean | undefined {
  const value = parameters.get(key)
  if (value === undefined) return undefined
  if (value !== 'true' && value !== 'false') throw bad(`store ${name}: ${key} is either true or false`)
  return value === 'true'
}

function decode(name: string, text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw bad(`store ${name}: the path has a broken %-sequence`)
  }
}

/** Without the name of the setting, which its reader adds. */
function bad(what: string): Failure {
  return new Failure('invalid', what, { subject: 'store', reason: 'store-url' })
}
