import type { ImagePatch } from '../../catalogue/images/draft.ts'
import type { Image, Visibility } from '../../catalogue/images/image.ts'
import { ownImage } from './client.ts'
import { changedProperties, choiceOr, describe, saidOf, settableVisibilities } from './description.ts'
import { badFields, refuse } from './failures.ts'
import { type Body, form, orNull, size, text } from './fields.ts'
import { type Context, ok, type Route } from './route.ts'
import { containerFormats, diskFormats } from './vocabulary.ts'
import { toUpdated } from './wire.ts'

const notAllowed = () => refuse(403, 'Image editing not allowed')

/** 2.5. Absent fields stay as they are, with PUT as well; PUT insists on the two sizes. */
function update(required: readonly string[]) {
  return async (context: Context) => {
    const { catalogue } = context.parts
    const seen = await ownImage(context, notAllowed)
    const body = await context.json()
    patchFrom(context, body, seen, required)
    // Decided again on the image as it is when it is written.
    const image = await catalogue.images.change(context.actor, seen.uuid, (present) => {
      const patch = patchFrom(context, body, present, required)
      demandSameFormats(present, patch)
      return patch
    })
    return ok(toUpdated(image))
  }
}

/** @throws Refusal 400 with all bad fields. */
function patchFrom(
  { caller, parts }: Context,
  body: Body,
  present: Image,
  required: readonly string[],
): ImagePatch {
  const fields = form(body)
  for (const name of required) if (!Object.hasOwn(body, name)) fields.required(name, size)
  const description = describe(fields, present.properties)
  const said = {
    ...saidOf(description),
    name: fields.optional('name', text({ longest: 255 })),
    visibility: fields.optional(
      'visibility',
      choiceOr(settableVisibilities(caller, parts.featuresOff), present.visibility),
    ) as Visibility | undefined,
    diskFormat: fields.optional('disk_format', orNull(choiceOr(diskFormats, present.diskFormat))),
    containerFormat: fields.optional(
      'container_format',
      orNull(choiceOr(containerFormats, present.containerFormat)),
    ),
  }
  if (Object.keys(fields.errors).length > 0) throw badFields(fields.errors)
  const retold = description.properties !== undefined || Object.keys(description.facts).length > 0
  return Object.fromEntries(
    Object.entries({
      ...said,
      properties: retold ? changedProperties(present.properties, description) : undefined,
    }).filter(([, value]) => value !== undefined),
  )
}

/** Sending the present value is always fine; another one is possible only while there are no bytes. */
function demandSameFormats(present: Image, { diskFormat, containerFormat }: ImagePatch): void {
  const changed =
    (diskFormat !== undefined && diskFormat !== present.diskFormat) ||
    (containerFormat !== undefined && containerFormat !== present.containerFormat)
  if (changed && present.status !== 'queued') throw refuse(403, 'Image update forbidden')
}

const common = {
  path: '/openstack/images/:id',
  permission: 'images.update',
  whenOff: notAllowed,
  fault: () => refuse(400, 'Image update failed'),
} as const

export const updateRoutes: readonly Route[] = [
  {
    method: 'PUT',
    ...common,
    summary: 'Changes an image; both minimums are required',
    handle: update(['min_disk', 'min_ram']),
  },
  { method: 'PATCH', ...common, summary: 'Changes what is given of an image', handle: update([]) },
]
