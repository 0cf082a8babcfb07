import type { Image } from '../../../catalogue/images/image.ts'
import { demandUnreserved, demandValues, demandWritable, ownerOf } from '../attributes.ts'
import { Refusal, readOnly } from '../failures.ts'
import { changeLocations, demandLocationChange } from '../locations.ts'
import { type Answer, type Context, ok, type Route } from '../route.ts'
import { show } from '../show.ts'
import { applied } from './apply.ts'
import { notationOf, type Operation, readOperations } from './operations.ts'

/** glance.md section 8: everything is checked before anything is changed, and all of it is changed or nothing. */
async function patch(context: Context): Promise<Answer> {
  const { parts, actor, param, request } = context
  const notation = notationOf(request.headers['content-type'])
  const operations = readOperations(await context.json(), notation)
  for (const operation of operations) demandOperation(context, operation)
  const owners = await ownersOf(context, operations)
  const located = operations.filter(({ path }) => path[0] === 'locations')
  const others = operations.filter(({ path }) => path[0] !== 'locations')
  const decide = (image: Image) => applied(image, others, owners)
  const image =
    located.length === 0
      ? await parts.catalogue.images.change(actor, param('image'), decide)
      : await changeLocations(context, located, decide)
  return ok(await show(context, image))
}

/** @throws Refusal 400, 403 */
function demandOperation(context: Context, operation: Operation): void {
  const { verb, path, value } = operation
  const [name] = path
  if (name === 'id') throw readOnly(name)
  demandWritable(name)
  demandUnreserved(name)
  if (name === 'locations') demandLocationChange(context, operation)
  else if (verb !== 'remove') demandValues({ [name]: value })
  if (name === 'owner' && !context.identity.superAdmin && verb !== 'remove')
    throw new Refusal(403, "Owner can't be updated by non admin.")
}

async function ownersOf(
  context: Context,
  operations: readonly Operation[],
): Promise<ReadonlyMap<string | null, number | null>> {
  const owners = new Map<string | null, number | null>()
  for (const { verb, path, value } of operations) {
    if (path[0] !== 'owner' || verb === 'remove') continue
    const owner = value as string | null
    owners.set(owner, await ownerOf(context, owner))
  }
  return owners
}

export const patchRoutes: readonly Route[] = [
  {
    method: 'PATCH',
    path: '/images/:image',
    summary: 'Changes an image',
    policy: 'modify_image',
    body: 'json',
    handle: patch,
  },
]
