import { demandUnreserved, demandValues, demandWritable, ownerOf } from '../attributes.ts'
import { Refusal, readOnly } from '../failures.ts'
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
  const image = await parts.catalogue.images.change(actor, param('image'), (image) =>
    applied(image, operations, owners),
  )
  return ok(await show(context, image))
}

/** @throws Refusal 400, 403 */
function demandOperation({ identity }: Context, { verb, path: [name], value }: Operation): void {
  if (name === 'id') throw readOnly(name)
  demandWritable(name)
  demandUnreserved(name)
  if (name === 'locations') {
    const isEmpty = verb === 'replace' && Array.isArray(value) && value.length === 0
    throw new Refusal(
      403,
      isEmpty
        ? 'Cannot set locations to empty list.'
        : `It's not allowed to ${verb} locations if locations are invisible.`,
    )
  }
  if (verb !== 'remove') demandValues({ [name]: value })
  if (name === 'owner' && !identity.superAdmin && verb !== 'remove')
    throw new Refusal(403, "Owner can't be updated by non admin.")
}

async function ownersOf(
  { parts }: Context,
  operations: readonly Operation[],
): Promise<ReadonlyMap<string | null, number | null>> {
  const owners = new Map<string | null, number | null>()
  for (const { verb, path, value } of operations) {
    if (path[0] !== 'owner' || verb === 'remove') continue
    const owner = value as string | null
    owners.set(owner, await ownerOf(parts.catalogue.projects, owner))
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
