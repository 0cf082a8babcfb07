import type { ImagePatch } from '../../../catalogue/images/draft.ts'
import type { Image } from '../../../catalogue/images/image.ts'
import { type BaseAttribute, factOf, isBase } from '../attributes.ts'
import { Refusal } from '../failures.ts'
import type { Operation } from './operations.ts'

/**
 * What checked operations, carried out in their order, make of an image as it is (glance.md 8.2).
 * @param owners id of this wire → id of the catalogue, for every owner that the operations name
 * @throws Refusal 403, 409
 */
export function applied(
  image: Image,
  operations: readonly Operation[],
  owners: ReadonlyMap<string | null, number | null>,
): ImagePatch {
  let patch: ImagePatch = {}
  // Without a prototype: a property may have any name.
  const properties: Record<string, string> = Object.assign(Object.create(null), image.properties)
  let isDescribed = false
  for (const { verb, path, value, overwrites } of operations) {
    const [name] = path
    if (isBase(name)) {
      demandBaseChange(image, name, verb, overwrites)
      patch = {
        ...patch,
        ...(name === 'owner' ? { ownerId: owners.get(value as string | null) ?? null } : factOf(name, value)),
      }
      continue
    }
    const isThere = Object.hasOwn(properties, name)
    if (verb === 'add' && isThere && !overwrites) throw alreadyPresent(name)
    if (verb !== 'add' && !isThere) throw new Refusal(409, `Property ${name} does not exist.`)
    // A boot image that is none is the same as one that is not named.
    if (verb === 'remove' || value === null) delete properties[name]
    else properties[name] = value as string
    isDescribed = true
  }
  return isDescribed ? { ...patch, properties: { ...properties } } : patch
}

function demandBaseChange(
  image: Image,
  name: BaseAttribute,
  verb: Operation['verb'],
  overwrites: boolean,
): void {
  if (verb === 'remove') throw new Refusal(403, `Property ${name} may not be removed.`)
  if (verb === 'add' && !overwrites && name !== 'tags') throw alreadyPresent(name)
  const isFormat = name === 'disk_format' || name === 'container_format'
  if (isFormat && image.status !== 'queued' && image.status !== 'importing')
    throw new Refusal(403, `Attribute ${name} can be only replaced for a queued image.`)
}

function alreadyPresent(name: string): Refusal {
  return new Refusal(409, `Property ${name} already present.`)
}
