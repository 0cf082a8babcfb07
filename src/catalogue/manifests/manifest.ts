/** The owner of every image of a stand-alone repository (danube.md 7.1). */
export const zeroOwner = '00000000-0000-0000-0000-000000000000'

export const manifestTypes = ['zone-dataset', 'lx-dataset', 'zvol', 'docker', 'lxd', 'other'] as const
export type ManifestType = (typeof manifestTypes)[number]

export const manifestOses = ['smartos', 'linux', 'windows', 'bsd', 'illumos', 'other'] as const
export type ManifestOs = (typeof manifestOses)[number]

export const compressions = ['gzip', 'bzip2', 'xz', 'none'] as const
export type Compression = (typeof compressions)[number]

export const manifestStates = ['active', 'unactivated', 'disabled', 'creating', 'failed'] as const
export type ManifestState = (typeof manifestStates)[number]

/** `size` is bytes. */
export type ManifestFile = {
  readonly sha1: string
  readonly size: number
  readonly compression: Compression
  readonly dataset_guid?: string
  readonly uncompressedDigest?: string
  readonly stor?: string
}

/** What a machine needs to run the image; RAM in MiB. */
export type Requirements = {
  readonly networks?: readonly { readonly name: string; readonly description?: string }[]
  readonly brand?: string
  readonly ssh_key?: boolean
  readonly min_ram?: number
  readonly max_ram?: number
  readonly min_platform?: Readonly<Record<string, string>>
  readonly max_platform?: Readonly<Record<string, string>>
  readonly bootrom?: string
}

export type TagValue = string | number | boolean | readonly string[]

/** An IMGAPI manifest, version 2 (danube.md 7.6); `image_size` is MiB. Keys beyond those of the format may be there. */
export type Manifest = {
  readonly v?: 2
  readonly uuid?: string
  readonly owner?: string
  readonly name?: string
  readonly version?: string
  readonly state?: ManifestState
  readonly disabled?: boolean
  readonly public?: boolean
  readonly published_at?: string
  readonly type?: ManifestType
  readonly os?: ManifestOs
  readonly files?: readonly ManifestFile[]
  readonly acl?: readonly string[]
  readonly description?: string
  readonly homepage?: string
  readonly eula?: string
  readonly icon?: boolean
  readonly urn?: string
  readonly requirements?: Requirements
  readonly users?: readonly { readonly name: string; readonly [key: string]: unknown }[]
  readonly generate_passwords?: boolean
  readonly inherited_directories?: readonly string[]
  readonly origin?: string
  readonly nic_driver?: string
  readonly disk_driver?: string
  readonly cpu_type?: string
  readonly image_size?: number
  readonly tags?: Readonly<Record<string, TagValue>>
  readonly billing_tags?: readonly string[]
  readonly traits?: Readonly<Record<string, string | boolean | readonly string[]>>
  readonly error?: { readonly code?: string; readonly message: string }
  readonly channels?: readonly string[]
  readonly [key: string]: unknown
}

/** The keys of the format in the order in which they are written; digests of manifests depend on it. */
export const manifestKeys = [
  'v',
  'uuid',
  'owner',
  'name',
  'version',
  'state',
  'disabled',
  'public',
  'published_at',
  'type',
  'os',
  'files',
  'acl',
  'description',
  'homepage',
  'eula',
  'icon',
  'urn',
  'requirements',
  'users',
  'generate_passwords',
  'inherited_directories',
  'origin',
  'nic_driver',
  'disk_driver',
  'cpu_type',
  'image_size',
  'tags',
  'billing_tags',
  'traits',
  'error',
  'channels',
] as const

/** What only a zvol has, and must have. */
export const zvolKeys = ['nic_driver', 'disk_driver', 'cpu_type', 'image_size'] as const

const places: ReadonlyMap<string, number> = new Map(manifestKeys.map((key, place) => [key, place]))

/** The same manifest with its keys in writing order, foreign keys last in their own order, and no undefined ones. */
export function ordered<M extends Manifest>(manifest: M): M {
  const place = (key: string) => places.get(key) ?? manifestKeys.length
  return Object.fromEntries(
    Object.entries(manifest)
      .filter(([key, value]) => value !== undefined && key !== '__proto__')
      .sort(([a], [b]) => place(a) - place(b)),
  ) as M
}

export type JsonObject = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Own keys only: what a caller sends may lack a key that every object inherits. */
export function own(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

export function oneOf<T extends string>(list: readonly T[], value: unknown): value is T {
  return (list as readonly unknown[]).includes(value)
}

export const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
export const publishedPattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{3})?Z$/

/**
 * Does the value nest deeper than any manifest needs? Parsing copes with any depth, writing it again does not:
 * a manifest that could not be stored has to be refused while it is read.
 */
export function isTooDeep(value: unknown): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; depth < 32; depth++) {
    const below: unknown[] = []
    for (const item of level)
      if (typeof item === 'object' && item !== null)
        for (const child of Object.values(item)) below.push(child)
    if (below.length === 0) return false
    level = below
  }
  return true
}
