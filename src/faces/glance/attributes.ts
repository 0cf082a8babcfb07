import type { ImagePatch } from '../../catalogue/images/draft.ts'
import type { Visibility } from '../../catalogue/images/image.ts'
import { largestInteger } from '../../catalogue/images/rules.ts'
import { bad, readOnly, reserved } from './failures.ts'
import type { Context } from './route.ts'
import { imageSchema } from './schemas/image.ts'
import { validatorOf } from './schemas/validate.ts'

/** Attributes of an image that nobody writes (glance.md 5.2, 8.2). */
const fixed: ReadonlySet<string> = new Set([
  'self',
  'file',
  'schema',
  'direct_url',
  'stores',
  'status',
  'size',
  'virtual_size',
  'checksum',
  'created_at',
  'updated_at',
  'os_hash_algo',
  'os_hash_value',
])

const internal: ReadonlySet<string> = new Set(['location', 'deleted', 'deleted_at'])

/** Attributes that every image has and callers may set. */
export const baseAttributes = [
  'name',
  'visibility',
  'protected',
  'os_hidden',
  'owner',
  'disk_format',
  'container_format',
  'min_disk',
  'min_ram',
  'tags',
] as const
export type BaseAttribute = (typeof baseAttributes)[number]

export function isBase(name: string): name is BaseAttribute {
  return (baseAttributes as readonly string[]).includes(name)
}

/** @throws Refusal 403 */
export function demandWritable(name: string): void {
  if (fixed.has(name)) throw readOnly(name)
}

/** @throws Refusal 403 */
export function demandUnreserved(name: string): void {
  if (internal.has(name) || name.startsWith('os_glance')) throw reserved(name)
}

const demandSchema = validatorOf(imageSchema)

/** @throws Refusal 400 for values of the wrong kind (glance.md section 3) */
export function demandValues(attributes: Readonly<Record<string, unknown>>): void {
  demandSchema(attributes)
  for (const name of ['min_disk', 'min_ram']) {
    const value = attributes[name] as number | undefined
    if (value === undefined) continue
    if (value < 0) throw bad(`Invalid value '${value}' for parameter '${name}': Cannot be a negative value`)
    if (value > largestInteger) throw bad(`'${name}' value out of range, must not exceed ${largestInteger}.`)
  }
}

/** One checked base attribute but the owner, as the catalogue has it. */
export function factOf(name: Exclude<BaseAttribute, 'owner'>, value: unknown): ImagePatch {
  switch (name) {
    case 'name':
      return { name: (value as string | null) ?? '' }
    case 'visibility':
      return { visibility: value as Visibility }
    case 'protected':
      return { protected: value as boolean }
    case 'os_hidden':
      return { hidden: value as boolean }
    case 'disk_format':
      return { diskFormat: value as string | null }
    case 'container_format':
      return { containerFormat: value as string | null }
    case 'min_disk':
      return { minDisk: value as number }
    case 'min_ram':
      return { minRam: value as number }
    case 'tags':
      return { tags: value as string[] }
  }
}

/** The project that an administrator names as owner. @throws Refusal 400 for one that there is not */
export async function ownerOf({ parts, actor }: Context, owner: string | null): Promise<number | null> {
  if (owner === null) return null
  const id = await parts.catalogue.openstack.ownerOf(actor, owner)
  if (id === null) throw bad(`Invalid owner: there is no project ${owner}.`)
  return id
}
