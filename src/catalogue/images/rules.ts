import { isLonger } from '../characters.ts'
import { Failure } from '../failure.ts'
import { containerFormats, diskFormats } from './image.ts'

/** Limits on one image's description (glance.md sections 3 and 5.2). */
export const limits = {
  name: 255,
  properties: 128,
  tags: 128,
  tag: 255,
  propertyName: 255,
  propertyBytes: 65_535,
}
export const largestInteger = 2_147_483_647

/** Base attributes and internal names: never free properties (onecloudplanet.md 1.8, glance.md 5.2). */
export const reservedProperties: ReadonlySet<string> = new Set([
  'id',
  'name',
  'status',
  'owner',
  'size',
  'virtual_size',
  'checksum',
  'min_disk',
  'min_ram',
  'visibility',
  'protected',
  'disk_format',
  'container_format',
  'tags',
  'created_at',
  'updated_at',
  'deleted_at',
  'deleted',
  'location',
  'locations',
  'file',
  'self',
  'schema',
  'direct_url',
  'stores',
  'os_hidden',
  'os_hash_algo',
  'os_hash_value',
])

export function isReservedProperty(name: string): boolean {
  return reservedProperties.has(name) || name.startsWith('os_glance')
}

/** What the rules look at; a change is checked as the image it would make. */
export type Described = {
  readonly name: string
  readonly diskFormat: string | null
  readonly containerFormat: string | null
  readonly minDisk: number
  readonly minRam: number
  readonly tags: readonly string[]
  readonly properties: Readonly<Record<string, string>>
}

/**
 * @throws Failure `invalid` with `detail.fields` naming every bad field at once, or `quota` (reason `properties` or
 * `tags`) when there are too many of them.
 */
export function demandDescription(image: Described): void {
  const fields: Record<string, string[]> = {}
  const complain = (field: string, message: string) => {
    fields[field] = [...(fields[field] ?? []), message]
  }
  if (isLonger(image.name, limits.name))
    complain('name', 'Ensure this field has no more than 255 characters.')
  for (const [field, value, known] of [
    ['disk_format', image.diskFormat, diskFormats],
    ['container_format', image.containerFormat, containerFormats],
  ] as const) {
    if (value !== null && !(known as readonly string[]).includes(value))
      complain(field, `"${value}" is not a valid choice.`)
  }
  for (const [field, value] of [
    ['min_disk', image.minDisk],
    ['min_ram', image.minRam],
  ] as const) {
    if (!Number.isInteger(value)) complain(field, 'A valid integer is required.')
    else if (value < 0) complain(field, 'Ensure this value is greater than or equal to 0.')
    else if (value > largestInteger)
      complain(field, `Ensure this value is less than or equal to ${largestInteger}.`)
  }
  for (const tag of image.tags) {
    if (isLonger(tag, limits.tag)) complain('tags', 'Ensure this field has no more than 255 characters.')
    // A control character in a tag could not be written in any URL or header; NUL cannot be stored at all.
    else if (tag === '' || hasControl(tag) || !tag.isWellFormed())
      complain('tags', 'A tag must be text without control characters.')
  }
  for (const [name, value] of Object.entries(image.properties)) {
    if (isReservedProperty(name)) complain('properties', `"${name}" is a reserved name.`)
    else if (name === '' || hasControl(name) || !name.isWellFormed())
      complain('properties', 'A property needs a name without control characters.')
    else if (isLonger(name, limits.propertyName))
      complain('properties', 'Ensure property names have no more than 255 characters.')
    else if (typeof value !== 'string') complain('properties', 'Not a valid string.')
    else if (Buffer.byteLength(value) > limits.propertyBytes)
      complain('properties', `The value of "${name}" is longer than ${limits.propertyBytes} bytes.`)
    else if (value.includes('\0')) complain('properties', `The value of "${name}" contains a NUL character.`)
    // PostgreSQL keeps no half of a pair of surrogates in JSON.
    else if (!value.isWellFormed()) complain('properties', `The value of "${name}" is no well-formed text.`)
  }
  if (image.name.includes('\0')) complain('name', 'Null characters are not allowed.')
  if (!image.name.isWellFormed()) complain('name', 'Not a valid string.')
  if (Object.keys(fields).length > 0)
    throw new Failure('invalid', 'The description of the image is not valid.', { subject: 'image', fields })
  demandCount('properties', Object.keys(image.properties).length, limits.properties)
  demandCount('tags', image.tags.length, limits.tags)
}

function demandCount(reason: 'properties' | 'tags', attempted: number, maximum: number): void {
  if (attempted <= maximum) return
  throw new Failure(
    'quota',
    `The limit has been exceeded on the number of allowed image ${reason}. Attempted: ${attempted}, Maximum: ${maximum}`,
    { subject: 'image', reason },
  )
}

function hasControl(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
  return /[\u0000-\u001f\u007f]/.test(text)
}

/** Tags are a set and are shown sorted. */
export function tidyTags(tags: readonly string[]): string[] {
  return [...new Set(tags)].sort()
}
