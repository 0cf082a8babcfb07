import {
  type Compression,
  isObject,
  type JsonObject,
  own,
  publishedPattern,
  uuidPattern,
} from './manifest.ts'

/** What only the first version of the format ("dataset manifest") has; none of it means anything in the second. */
const firstVersionKeys: ReadonlySet<string> = new Set([
  'creator_uuid',
  'creator_name',
  'vendor_uuid',
  'cloud_name',
  'restrict_to_uuid',
  'platform_type',
  'created_at',
])

/** What tells the first version from a second one that forgot its `v`. */
const marks = ['creator_uuid', 'cloud_name', 'restrict_to_uuid']

const endings: readonly (readonly [string, Compression])[] = [
  ['.gz', 'gzip'],
  ['.bz2', 'bzip2'],
  ['.xz', 'xz'],
]

/** Makes a version 2 manifest of a version 1 one (danube.md 7.6); any other is returned as it is. */
export function upgraded(manifest: JsonObject): JsonObject {
  const v = own(manifest, 'v')
  if (!(v === 1 || v === '1' || (v === undefined && marks.some((key) => Object.hasOwn(manifest, key)))))
    return manifest
  const kept = Object.entries(manifest).filter(([key]) => !firstVersionKeys.has(key))
  const added: [string, unknown][] = []
  const add = (key: string, value: unknown) => {
    if (value !== undefined && !Object.hasOwn(manifest, key)) added.push([key, value])
  }
  const creator = own(manifest, 'creator_uuid')
  if (typeof creator === 'string' && uuidPattern.test(creator.toLowerCase()))
    add('owner', creator.toLowerCase())
  // An image that was meant for one account only must not become one for everybody.
  add('public', own(manifest, 'restrict_to_uuid') ? false : undefined)
  const created = own(manifest, 'created_at')
  if (typeof created === 'string' && publishedPattern.test(created)) add('published_at', created)
  const files = own(manifest, 'files')
  return {
    ...Object.fromEntries(kept),
    ...Object.fromEntries(added),
    v: 2,
    ...(Array.isArray(files) ? { files: files.map(upgradedFile) } : {}),
  }
}

function upgradedFile(file: unknown): unknown {
  if (!isObject(file)) return file
  const { path, url, ...rest } = file
  if (Object.hasOwn(rest, 'compression')) return rest
  const name = [path, url].find((value) => typeof value === 'string') ?? ''
  const compression = endings.find(([ending]) => String(name).endsWith(ending))?.[1] ?? 'none'
  return { ...rest, compression }
}
