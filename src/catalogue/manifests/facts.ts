import type { ImageFacts } from '../images/draft.ts'
import { isObject, type JsonObject, type Manifest, ordered, own } from './manifest.ts'

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
