import { hasBytes, type Image } from '../images/image.ts'
import { longest, versionPattern } from './fields.ts'
import { fitting, manifestName } from './fitting.ts'
import {
  compressions,
  isObject,
  type JsonObject,
  type Manifest,
  type ManifestFile,
  type ManifestState,
  manifestOses,
  manifestTypes,
  oneOf,
  ordered,
  own,
  type Requirements,
  type TagValue,
  uuidPattern,
  zeroOwner,
  zvolKeys,
} from './manifest.ts'
import { osFromFacts, osOf, ostypeOf } from './ostype.ts'
import { defaultImageSizeMb } from './read.ts'

/** How a repository shows its images to one caller. */
export type ManifestView = {
  /** `zero` where owners mean nothing to the reader, `true` for the uuid of the owner project. */
  readonly owner: 'zero' | 'true'
  /** Uuids of the projects that may use the image beside its owner. */
  readonly acl: readonly string[]
  readonly icon: boolean
  /** The channels it is in, or null where they are not shown (danube.md 7.1, `Accept-Version`). */
  readonly channels: readonly string[] | null
  /** Uuid of the image it builds on; null for none, absent for what the manifest that it came with says. */
  readonly origin?: string | null
  /** A public repository shows neither billing tags nor traits. */
  readonly publicMode?: boolean
}

/** A manifest as we serve it: complete. */
export type ServedManifest = Manifest &
  Required<
    Pick<
      Manifest,
      'v' | 'uuid' | 'owner' | 'name' | 'version' | 'state' | 'disabled' | 'public' | 'type' | 'os'
    >
  >

const mib = 1024 * 1024

/**
 * The manifest of an image (danube.md 1.13 and 7.10, one-catalogue.md section 3): what the catalogue knows itself, on top of
 * what the manifest that the image came with says beyond that. Equal images give equal text.
 */
export function manifestOf(image: Image, view: ManifestView): ServedManifest {
  const origin = isObject(image.manifest) ? image.manifest : {}
  const type = typeOfImage(image)
  const state = stateOf(image)
  return ordered<ServedManifest>({
    ...kept(origin, view),
    v: 2,
    uuid: image.uuid,
    owner: view.owner === 'true' ? (image.owner?.uuid ?? zeroOwner) : zeroOwner,
    name: manifestName(image),
    version: fitting(image.version ?? '', versionPattern, longest.version) || '1.0',
    state,
    disabled: isDisabled(image),
    public: image.visibility === 'public',
    published_at: image.publishedAt === null ? undefined : toMilliseconds(image.publishedAt),
    type,
    os: osOfImage(image),
    files: filesOf(image, origin),
    acl: view.acl.length > 0 ? view.acl : undefined,
    description: image.properties.description?.slice(0, longest.description) || undefined,
    icon: view.icon || undefined,
    requirements: requirementsOf(image, origin),
    users: usersOf(image, origin),
    inherited_directories:
      type === 'zone-dataset' ? (own(origin, 'inherited_directories') ?? undefined) : undefined,
    origin: originOf(origin, view),
    ...(type === 'zvol' ? zvolFacts(image, origin) : {}),
    tags: tagsOf(image, origin),
    error: state === 'failed' ? { message: image.failure ?? 'The image could not be made.' } : undefined,
    channels: view.channels ?? undefined,
  } as ServedManifest)
}

/** `published_at` of a manifest: exactly three fraction digits, which IMGAPI clients insist on. */
export function toMilliseconds(instant: number): string {
  return new Date(Math.floor(instant / 1000)).toISOString()
}

/** IMGAPI's state of an image (one-catalogue.md section 3). */
export function stateOf(image: Image): ManifestState {
  switch (image.status) {
    case 'active':
      return image.withdrawn ? 'disabled' : 'active'
    case 'deactivated':
    case 'pending_delete':
    case 'deleted':
      return 'disabled'
    case 'queued':
      return 'unactivated'
    case 'uploading':
      // With bytes it only waits for its activation.
      return image.blobId === null ? 'creating' : 'unactivated'
    case 'saving':
    case 'importing':
      return 'creating'
    case 'killed':
      return 'failed'
  }
}

function isDisabled(image: Image): boolean {
  return image.withdrawn || stateOf(image) === 'disabled'
}

/** An image that came without a manifest has bytes that are no dataset: `other` makes importers refuse early. */
function typeOfImage(image: Image) {
  const said = isObject(image.manifest) ? own(image.manifest, 'type') : undefined
  return oneOf(manifestTypes, said) ? said : 'other'
}

function osOfImage(image: Image) {
  const said = isObject(image.manifest) ? own(image.manifest, 'os') : undefined
  if (oneOf(manifestOses, said)) return said
  const type = typeOfImage(image)
  if (type === 'zone-dataset' || type === 'lx-dataset') return osOf(ostypeOf(type, undefined))
  return osFromFacts(image.properties)
}

/** Size of the image's disk in MiB, rounded up; null when nobody said and the bytes do not tell. */
export function imageSizeMbOf(image: Image): number | null {
  const said = isObject(image.manifest) ? own(image.manifest, 'image_size') : undefined
  const number = typeof said === 'string' && /^\d{1,10}$/.test(said) ? Number(said) : said
  // What was said first: the bytes may be a stream whose own length says nothing about the disk in it.
  if (typeof number === 'number' && Number.isInteger(number) && number > 0) return number
  return image.virtualSize ? Math.ceil(image.virtualSize / mib) : null
}

function kept(origin: JsonObject, view: ManifestView): JsonObject {
  const dropped: ReadonlySet<string> = new Set([
    ...zvolKeys,
    ...(view.publicMode ? ['billing_tags', 'traits'] : []),
    // Known to the catalogue or to nobody.
    'acl',
    'channels',
    'description',
    'error',
    'files',
    'published_at',
  ])
  return Object.fromEntries(
    Object.entries(origin).filter(([key, value]) => value !== null && !dropped.has(key)),
  )
}

function filesOf(image: Image, origin: JsonObject): readonly ManifestFile[] | undefined {
  const { sha1 } = image.digests
  const isThere = image.blobId !== null || hasBytes(image.status)
  if (!isThere || sha1 === null || image.size === null) return undefined
  const files = own(origin, 'files')
  const first: unknown = Array.isArray(files) ? files[0] : undefined
  const said = isObject(first) && String(own(first, 'sha1')).toLowerCase() === sha1 ? first : {}
  const compression = own(said, 'compression')
  return [
    {
      sha1,
      size: image.size,
      // What a manifest says of other bytes than these says nothing.
      compression: oneOf(compressions, compression) ? compression : 'none',
      ...textAt(said, 'dataset_guid'),
      ...textAt(said, 'uncompressedDigest'),
    },
  ]
}

function textAt(object: JsonObject, key: string): Readonly<Record<string, string>> {
  const value = own(object, key)
  return typeof value === 'string' ? { [key]: value } : {}
}

function requirementsOf(image: Image, origin: JsonObject): Requirements | undefined {
  const said = own(origin, 'requirements')
  const requirements = {
    ...(isObject(said) ? said : {}),
    ...(image.minRam > 0 ? { min_ram: image.minRam } : {}),
  }
  return Object.keys(requirements).length > 0 ? requirements : undefined
}

function usersOf(image: Image, origin: JsonObject): Manifest['users'] {
  const said = own(origin, 'users')
  const users = Array.isArray(said) ? said.filter((user) => isObject(user)) : []
  const login = image.properties.os_admin_user
  if (login && !users.some((user) => user.name === login)) return [{ name: login }]
  return users.length > 0 ? (users as unknown as Manifest['users']) : undefined
}

function originOf(origin: JsonObject, view: ManifestView): string | undefined {
  if (view.origin !== undefined) return view.origin ?? undefined
  const said = own(origin, 'origin')
  return typeof said === 'string' && uuidPattern.test(said) ? said : undefined
}

function zvolFacts(image: Image, origin: JsonObject) {
  const word = (key: string, otherwise: string) => {
    const said = own(origin, key)
    return typeof said === 'string' && said !== '' ? said : otherwise
  }
  return {
    nic_driver: word('nic_driver', 'virtio'),
    disk_driver: word('disk_driver', 'virtio'),
    cpu_type: word('cpu_type', 'qemu64'),
    image_size: imageSizeMbOf(image) ?? defaultImageSizeMb,
  }
}

function tagsOf(image: Image, origin: JsonObject): Manifest['tags'] {
  const said = own(origin, 'tags')
  const { erigones, resize, deploy, internal, ...others } = isObject(said) ? said : {}
  const isDanubes = image.resize !== null || image.deploy !== null
  const tags = {
    // An array of them is the catalogue's, which may have emptied it; anything else there is somebody's own tag.
    erigones: image.tags.length > 0 ? image.tags : Array.isArray(erigones) ? undefined : erigones,
    resize: image.resize ?? resize,
    deploy: image.deploy ?? deploy,
    internal: internal ?? (isDanubes ? false : undefined),
    ...others,
  }
  const given = Object.entries(tags).filter(([, value]) => value !== undefined && value !== null)
  return given.length > 0 ? (Object.fromEntries(given) as Readonly<Record<string, TagValue>>) : undefined
}
