import type { ImageFacts } from '../images/draft.ts'
import { largestInteger } from '../images/rules.ts'
import { isCount, longest } from './fields.ts'
import { isObject, type JsonObject, type Manifest, manifestOses, oneOf, ordered, own } from './manifest.ts'
import { storable } from './storable.ts'

/** What the catalogue keeps of a manifest in fields of its own, and the rest of it. */
export type ManifestFacts = Partial<
  Pick<
    ImageFacts,
    'name' | 'version' | 'minRam' | 'tags' | 'properties' | 'resize' | 'deploy' | 'manifest' | 'withdrawn'
  >
>

/** What is never kept as it was written, because the catalogue knows it itself. */
const notKept: ReadonlySet<string> = new Set([
  'uuid',
  'owner',
  'state',
  'disabled',
  'public',
  'published_at',
  'acl',
  'icon',
  'error',
])

/**
 * The facts of an image that a checked manifest changes, in the catalogue's own fields and in the manifest that is kept
 * beside them (one-catalogue.md section 3): what is deleted here is gone in both.
 * @param changed the keys that were written; those that `manifest` lacks are deleted
 */
export function factsOf(
  manifest: Manifest,
  changed: readonly string[],
  before: { readonly manifest: unknown; readonly properties: Readonly<Record<string, string>> },
): ManifestFacts {
  const has = (key: string) => changed.includes(key)
  return {
    ...(has('name') ? { name: manifest.name ?? '' } : {}),
    ...(has('version') ? { version: manifest.version ?? null } : {}),
    ...(has('requirements') ? { minRam: manifest.requirements?.min_ram ?? 0 } : {}),
    ...(has('tags') ? tagFacts(manifest.tags ?? {}) : {}),
    ...(['description', 'users', 'os'].some(has)
      ? { properties: propertiesOf(manifest, has, before.properties) }
      : {}),
    manifest: kept(manifest, changed, before.manifest),
  }
}

/**
 * The same facts of a manifest that others wrote, and that nobody has checked: what does not fit is passed over.
 * @param os what it was found to be for
 */
export function foreignFactsOf(
  manifest: JsonObject,
  os: string,
): { readonly minRam: number; readonly properties: Readonly<Record<string, string>> } {
  const requirements = own(manifest, 'requirements')
  const minRam = isObject(requirements) ? own(requirements, 'min_ram') : undefined
  const users = own(manifest, 'users')
  const first: unknown = Array.isArray(users) ? users[0] : undefined
  const login = isObject(first) ? own(first, 'name') : undefined
  const isLogin = typeof login === 'string' && login !== '' && login.length <= longest.word
  return {
    minRam: isCount(minRam, 0, largestInteger) ? (minRam as number) : 0,
    properties: {
      ...(oneOf(manifestOses, os) && os !== 'other' ? { os_type: os } : {}),
      ...(isLogin ? { os_admin_user: String(storable(login)) } : {}),
    },
  }
}

/** Danube's tags: an array is the catalogue's own, `resize` and `deploy` are its own flags. */
function tagFacts(tags: JsonObject): ManifestFacts {
  const labels = own(tags, 'erigones')
  const flag = (key: string) => {
    const value = own(tags, key)
    return typeof value === 'boolean' ? value : null
  }
  return {
    tags: Array.isArray(labels) ? labels : [],
    resize: flag('resize'),
    deploy: flag('deploy'),
  }
}

function propertiesOf(
  manifest: Manifest,
  has: (key: string) => boolean,
  before: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const properties = new Map(Object.entries(before))
  const put = (key: string, value: string | undefined) => {
    if (value) properties.set(key, value)
    else properties.delete(key)
  }
  if (has('description')) put('description', manifest.description)
  if (has('users')) put('os_admin_user', manifest.users?.[0]?.name)
  if (has('os')) put('os_type', manifest.os === 'other' ? undefined : manifest.os)
  return Object.fromEntries(properties)
}

function kept(manifest: Manifest, changed: readonly string[], before: unknown): Manifest {
  const facts = new Map(Object.entries(isObject(before) ? before : {}))
  for (const key of changed) {
    if (notKept.has(key)) continue
    if (manifest[key] === undefined) facts.delete(key)
    else facts.set(key, manifest[key])
  }
  return ordered({ ...Object.fromEntries(facts), v: 2 })
}
