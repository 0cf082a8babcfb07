import type { Actor } from '../../actor.ts'
import type { Core, Trx } from '../../core.ts'
import type { Task } from '../../tasks/task.ts'
import type { Image } from '../image.ts'
import { demandDescription, isReservedProperty } from '../rules.ts'
import { saveImage } from '../save.ts'
import type { Described, StoreImportPayload } from './payload.ts'

/** What another Glance says of an image; values are what its JSON holds. */
export type SourceDescription = Readonly<Record<string, unknown>>

/** Properties that are taken over: those that say how a machine has to be for the image (glance.md 13.4). */
const taken = ['hw_', 'trait:', 'os_distro', 'os_secure_boot', 'os_type']

/**
 * Describes the image as its source is described: formats, and the properties that matter to machines.
 * @throws Failure `invalid`, `quota`
 */
export async function describe(
  trx: Trx,
  core: Core,
  actor: Actor,
  task: Task,
  image: Image,
  source: SourceDescription,
): Promise<void> {
  const payload = task.payload as StoreImportPayload
  const properties = Object.fromEntries(
    Object.entries(source).filter(
      (entry): entry is [string, string] =>
        typeof entry[1] === 'string' &&
        !isReservedProperty(entry[0]) &&
        taken.some((prefix) => entry[0].startsWith(prefix)),
    ),
  )
  const { disk_format, container_format } = source
  const after: Described = {
    diskFormat: typeof disk_format === 'string' ? disk_format : null,
    containerFormat: typeof container_format === 'string' ? container_format : null,
    properties,
  }
  const change = { ...after, properties: { ...image.properties, ...properties } }
  demandDescription({ ...image, ...change })
  await saveImage(trx, core, actor, image, change, 'import')
  // A run that was broken off has described it already.
  const before = payload.taken?.before ?? describedAs(image, Object.keys(properties))
  const kept: StoreImportPayload = { ...payload, taken: { before, after } }
  await trx
    .updateTable('tasks')
    .set({ payload_json: JSON.stringify(kept) })
    .where('id', '=', task.id)
    .execute()
}

function describedAs(
  { diskFormat, containerFormat, properties }: Image,
  names: readonly string[],
): Described {
  return {
    diskFormat,
    containerFormat,
    properties: Object.fromEntries(names.map((name) => [name, properties[name] ?? null])),
  }
}

/** What was taken over is given back, but for what somebody has changed since. */
export function givenBack(
  image: Image,
  { before, after }: NonNullable<StoreImportPayload['taken']>,
): Pick<Image, 'diskFormat' | 'containerFormat' | 'properties'> {
  const properties: Record<string, string> = {}
  for (const [name, value] of Object.entries(image.properties)) {
    const own = value === after.properties[name] ? before.properties[name] : value
    if (own !== null && own !== undefined) properties[name] = own
  }
  return {
    diskFormat: image.diskFormat === after.diskFormat ? before.diskFormat : image.diskFormat,
    containerFormat:
      image.containerFormat === after.containerFormat ? before.containerFormat : image.containerFormat,
    properties,
  }
}
