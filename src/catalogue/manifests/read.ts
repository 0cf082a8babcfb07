import { Failure } from '../failure.ts'
import {
  type Compression,
  compressions,
  isObject,
  isTooDeep,
  type JsonObject,
  oneOf,
  own,
  uuidPattern,
} from './manifest.ts'
import { type Ostype, osOf, ostypeOf } from './ostype.ts'
import { upgraded } from './upgrade.ts'

/** What Danube takes from a manifest that it found somewhere (danube.md 1.6). */
export type ForeignManifest = {
  /** All of it, brought to version 2; only what is named below has been checked. */
  readonly manifest: JsonObject
  readonly uuid: string
  readonly version: string
  readonly type: string
  readonly os: string
  readonly ostype: Ostype
  readonly name: string | null
  readonly description: string
  readonly imageSizeMb: number
  readonly tags: readonly string[]
  readonly resize: boolean
  readonly deploy: boolean
  /** As far as the manifest says; without a `sha1` nothing can be imported. `size` is bytes. */
  readonly file: {
    readonly sha1: string | null
    readonly size: number | null
    readonly compression: Compression | null
  }
}

/** Of a manifest that does not say how large its disk is. */
export const defaultImageSizeMb = 1024
const largestInteger = 2_147_483_647

const messages = {
  'not-json': 'Could not parse image manifest.',
  'invalid-manifest': 'Invalid image manifest.',
  'several-files': 'Multiple files inside manifest are not supported.',
}

/**
 * Reads a manifest that others wrote: demands only what an import needs and takes everything else as it comes.
 * @throws Failure `invalid`, reason `not-json`, `invalid-manifest` or `several-files`, with the message of danube.md 1.6.
 */
export function readForeignManifest(text: string): ForeignManifest {
  return readForeignValue(parsed(text))
}

/** The same for one that has been parsed, as an entry of a repository's list. */
export function readForeignValue(value: unknown): ForeignManifest {
  if (!isObject(value) || isTooDeep(value)) throw refusal('invalid-manifest')
  const manifest = upgraded(value)
  const files = own(manifest, 'files')
  const file: unknown = Array.isArray(files) ? files[0] : undefined
  const uuid = own(manifest, 'uuid')
  const version = textOf(own(manifest, 'version'))
  const type = own(manifest, 'type')
  if (!isObject(file) || typeof uuid !== 'string' || version === null || typeof type !== 'string')
    throw refusal('invalid-manifest')
  if (!uuidPattern.test(uuid.toLowerCase())) throw refusal('invalid-manifest')
  const isZone = type === 'zone-dataset' || type === 'lx-dataset'
  const said = own(manifest, 'os')
  const os = typeof said === 'string' ? said : isZone ? osOf(ostypeOf(type, undefined)) : null
  if (os === null) throw refusal('invalid-manifest')
  const imageSizeMb = imageSizeOf(manifest)
  if ((files as readonly unknown[]).length > 1) throw refusal('several-files')

  const tags = own(manifest, 'tags')
  const tag = (key: string) => (isObject(tags) ? own(tags, key) : undefined)
  const compression = own(file, 'compression')
  return {
    manifest,
    uuid: uuid.toLowerCase(),
    version,
    type,
    os,
    ostype: ostypeOf(type, os),
    name: textOf(own(manifest, 'name')),
    description: textOf(own(manifest, 'description')) ?? '',
    imageSizeMb,
    tags: stringsOf(tag('erigones')) ?? [],
    resize: flagOf(tag('resize')) ?? isZone,
    deploy: flagOf(tag('deploy')) ?? false,
    file: {
      sha1: digestOf(own(file, 'sha1')),
      size: integerOf(own(file, 'size'), Number.MAX_SAFE_INTEGER),
      compression: oneOf(compressions, compression) ? compression : null,
    },
  }
}

function parsed(text: string): unknown {
  try {
    // Some editors begin a file with a byte order mark, which is no JSON.
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    throw refusal('not-json')
  }
}

function refusal(reason: keyof typeof messages): Failure {
  return new Failure('invalid', messages[reason], { subject: 'manifest', reason })
}

function imageSizeOf(manifest: JsonObject): number {
  if (!Object.hasOwn(manifest, 'image_size')) return defaultImageSizeMb
  const size = integerOf(manifest.image_size, largestInteger)
  if (size === null) throw refusal('invalid-manifest')
  // Zero stands for "not said", as it does at Danube.
  return size || defaultImageSizeMb
}

/** A whole number from 0 to `largest`, also written as a string of digits; null for anything else. */
export function integerOf(value: unknown, largest: number): number | null {
  const number = typeof value === 'string' && /^\s*\+?\d{1,16}\s*$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= largest
    ? number
    : null
}

/** A text, or a number as one. */
export function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value
  return typeof value === 'number' ? String(value) : null
}

function flagOf(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value
  if (value === 1 || (typeof value === 'string' && /^(true|t|1)$/i.test(value))) return true
  return value === 0 || (typeof value === 'string' && /^(false|f|0)$/i.test(value)) ? false : null
}

function stringsOf(value: unknown): readonly string[] | null {
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : null
}

/** Any short text: one that is no SHA-1 fits no bytes, and the failed import then names it. */
function digestOf(value: unknown): string | null {
  if (typeof value !== 'string') return null
  const digest = value.trim().toLowerCase()
  return digest === '' || digest.length > 128 ? null : digest
}
