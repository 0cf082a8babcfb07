import type { ImageDraft } from '../../catalogue/images/draft.ts'
import { demandUnreserved, demandValues, demandWritable, factOf, isBase, ownerOf } from './attributes.ts'
import { objectOf } from './body.ts'
import { Refusal, reserved } from './failures.ts'
import type { Answer, Context, Route } from './route.ts'
import { show } from './show.ts'

/** glance.md section 5. */
async function create(context: Context): Promise<Answer> {
  const { parts, actor, request } = context
  const body = objectOf(await context.json())
  const image = await parts.catalogue.images.create(actor, await draftOf(context, body))
  return {
    status: 201,
    body: await show(context, image),
    headers: { location: `${parts.origin(request)}/v2/images/${image.uuid}`, ...importHeaders(context) },
  }
}

/** What may be done with the new image next; clients read it from here. */
function importHeaders({ parts }: Context): Record<string, string> {
  const { several, writable } = parts.catalogue.stores
  const { methods } = parts.catalogue.storeImports
  return {
    ...(methods.length > 0 ? { 'openstack-image-import-methods': methods.join(',') } : {}),
    ...(several ? { 'openstack-image-store-ids': writable.join(',') } : {}),
  }
}

/** In the order of glance.md 5.2. @throws Refusal 400, 403 */
async function draftOf(context: Context, body: Readonly<Record<string, unknown>>): Promise<ImageDraft> {
  const names = Object.keys(body)
  for (const name of names) demandWritable(name)
  demandValues(body)
  for (const name of names) {
    demandUnreserved(name)
    if (name === 'locations') throw reserved(name)
  }
  const { id, owner, ...rest } = body
  // Anybody with a token sees what was made without saying who may: "shared" is this wire's default.
  let draft: ImageDraft = { visibility: 'shared', ...(id === undefined ? {} : { uuid: id as string }) }
  if (owner !== undefined) draft = { ...draft, ownerId: await ownerFor(context, owner as string | null) }
  const properties: [string, string][] = []
  for (const [name, value] of Object.entries(rest)) {
    if (isBase(name) && name !== 'owner') draft = { ...draft, ...factOf(name, value) }
    // A boot image that is none is the same as one that was not named.
    else if (value !== null) properties.push([name, value as string])
  }
  return { ...draft, properties: Object.fromEntries(properties) }
}

async function ownerFor(context: Context, owner: string | null): Promise<number | null> {
  const { identity, actor } = context
  if (owner === identity.project?.id) return actor.projectId
  if (!identity.superAdmin)
    throw new Refusal(403, `You are not permitted to create images owned by '${owner}'`)
  return ownerOf(context, owner)
}

export const createRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/images',
    summary: 'Creates an image, whose bytes come later',
    policy: 'add_image',
    body: 'json',
    handle: create,
  },
]
