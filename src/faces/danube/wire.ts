import { hasBytes, type Image } from '../../catalogue/images/image.ts'
import { usualVersion } from '../../catalogue/images/uniqueness.ts'
import { kindOf } from '../../catalogue/manifests/kind.ts'
import { ostypeOf } from '../../catalogue/manifests/ostype.ts'
import { defaultImageSizeMb } from '../../catalogue/manifests/read.ts'
import { imageSizeMbOf } from '../../catalogue/manifests/write.ts'
import { toMicros } from '../../catalogue/time.ts'

/** 1 public, 3 private, 4 deleted, that is: out of use (danube.md 1.2). */
export const accessTypes = [1, 3, 4] as const
export type Access = (typeof accessTypes)[number]

/** An image as this wire shows it; in the order of danube.md 1.2. */
export type WireImage = {
  readonly dc_bound: boolean
  readonly name: string
  readonly uuid: string
  readonly alias: string
  readonly version: string
  readonly owner: string
  readonly access: Access
  readonly desc: string
  readonly ostype: number
  /** MB. */
  readonly size: number
  readonly resize: boolean
  readonly deploy: boolean
  readonly tags: readonly string[]
  readonly status: 1 | 2
  readonly created: string
  readonly dcs?: readonly string[]
}

/** What is not part of the image itself. */
export type Beside = {
  /** Login name of the owner. */
  readonly owner: string
  /** Does a task work on it? */
  readonly working: boolean
  /** Names of the datacenters it is attached to; only where they are asked for. */
  readonly dcs?: readonly string[]
}

const aliasLength = 32
const mebibyte = 2 ** 20

export function toWire(image: Image, { owner, working, dcs }: Beside): WireImage {
  return {
    dc_bound: image.bound,
    name: image.handle,
    uuid: image.uuid,
    alias: aliasOf(image.name || image.handle),
    version: image.version ?? usualVersion,
    owner,
    access: accessOf(image),
    desc: image.properties.description ?? '',
    ostype: ostypeOfImage(image),
    size: imageSizeMbOf(image) ?? (Math.ceil((image.size ?? 0) / mebibyte) || defaultImageSizeMb),
    resize: resizeOf(image),
    deploy: image.deploy ?? false,
    tags: image.tags,
    status: isSettled(image) && !working ? 1 : 2,
    created: toMicros(image.createdAt),
    ...(dcs === undefined ? {} : { dcs }),
  }
}

/** A name cut to what is an alias here, without the characters that may not be in one (one-catalogue.md section 3). */
export function aliasOf(name: string): string {
  return [...name.replace(/[<>%$&;'"]/g, '_')].slice(0, aliasLength).join('')
}

export function accessOf(image: Image): Access {
  if (image.withdrawn || image.status === 'deactivated') return 4
  return image.visibility === 'public' ? 1 : 3
}

export function ostypeOfImage({ manifest, properties }: Image): number {
  const { type, os } = kindOf(manifest, properties)
  return ostypeOf(type, os)
}

/** Zones can be resized unless it is said that they cannot (danube.md 1.3). */
function resizeOf(image: Image): boolean {
  return image.resize ?? ostypeOfImage(image) >= 5
}

/** Its bytes are there, or are kept elsewhere. */
function isSettled({ status, external }: Image): boolean {
  return hasBytes(status) || (status === 'queued' && external)
}
