import { isFailure } from '../../catalogue/failure.ts'
import type { ImportMethod } from '../../catalogue/images/import-method.ts'
import {
  type ImportRequest,
  inWords,
  type OtherGlance,
} from '../../catalogue/images/store-imports/request.ts'
import { headerOf } from './auth.ts'
import { objectOf } from './body.ts'
import { bad, notAuthorized, Refusal } from './failures.ts'
import type { Answer, Context, Route } from './route.ts'

type Body = Readonly<Record<string, unknown>>

/** It is kept as it is, for everybody who looks at the tasks of the image, of which there may be many; characters. */
const longest = 16_384

/** glance.md 13.2. */
async function begin(context: Context): Promise<Answer> {
  const { parts, actor, param, request } = context
  const body = objectOf(await context.json())
  const { method, name } = methodOf(context, body)
  const allStoresMustSucceed = flagOf(body, 'all_stores_must_succeed', true)
  const allStores = flagOf(body, 'all_stores', false)
  const stores = storesOf(body)
  if (JSON.stringify(body).length > longest)
    throw new Refusal(413, `The body of the request is larger than ${longest} characters.`)
  const headerStore = parts.catalogue.stores.several ? headerOf(request, 'x-image-meta-store') : undefined
  const asked: ImportRequest = {
    method: name,
    body,
    allStores,
    allStoresMustSucceed,
    url: method.uri,
    ...(stores === undefined ? {} : { stores }),
    ...(headerStore === undefined ? {} : { headerStore }),
    ...(name === 'glance-download' ? { other: await otherOf(context, method) } : {}),
  }
  await parts.catalogue.storeImports.begin(actor, param('image'), asked).catch((error) => {
    const isRole = isFailure(error, 'forbidden') && error.detail.reason === 'role'
    throw isRole && name === 'copy-image' ? notAuthorized('copy_image') : error
  })
  return { status: 202 }
}

/** @throws Refusal 400 */
function methodOf({ parts }: Context, body: Body): { readonly method: Body; readonly name: ImportMethod } {
  if (!Object.hasOwn(body, 'method')) throw bad("Import request requires a 'method' field.")
  const { method } = body
  if (typeof method !== 'object' || method === null || !Object.hasOwn(method, 'name'))
    throw bad("Import request requires a 'name' field.")
  const { name } = method as Body
  const known = parts.catalogue.storeImports.methods.find((one) => one === name)
  if (known === undefined) throw bad(`Unknown import method name '${inWords(name)}'.`)
  return { method: method as Body, name: known }
}

/** @throws Refusal 400 */
function flagOf(body: Body, name: string, otherwise: boolean): boolean {
  const value = Object.hasOwn(body, name) ? body[name] : otherwise
  if (typeof value !== 'boolean') throw bad(`'${name}' must be boolean value only`)
  return value
}

/** @throws Refusal 400 */
function storesOf(body: Body): readonly string[] | undefined {
  if (!Object.hasOwn(body, 'stores')) return undefined
  const { stores } = body
  const isList = Array.isArray(stores) && stores.length > 0
  if (!isList || !stores.every((store): store is string => typeof store === 'string'))
    throw bad("'stores' must be a list of store identifiers")
  return stores
}

/** Where another Glance is, is said by the caller's token and never by the request (glance.md 13.4). */
async function otherOf(context: Context, method: Body): Promise<OtherGlance> {
  const {
    glance_region: region,
    glance_image_id: imageId,
    glance_service_interface: kind = 'public',
  } = method
  return {
    region,
    imageId,
    endpoint: await endpointOf(context, region, kind),
    token: headerOf(context.request, 'x-auth-token')?.trim() ?? '',
  }
}

/** Of the image service in a region, by the services of the caller's token; null: there is none. */
async function endpointOf(
  { identity, options, parts, request }: Context,
  region: unknown,
  kind: unknown,
): Promise<string | null> {
  if (identity.services === null && options.identityUrl === null) {
    // Tokens of the embedded Identity name this server alone, by the same address for each of its interfaces.
    const isOwn = region === (await parts.catalogue.locations.region())
    return isOwn && ['public', 'internal', 'admin'].includes(kind as string) ? parts.origin(request) : null
  }
  const found = (identity.services ?? [])
    .filter(({ type }) => type === 'image')
    .flatMap((service) => service.endpoints)
    .find((endpoint) => endpoint.region === region && endpoint.interface === kind)
  return found?.url ?? null
}

export const importRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/images/:image/import',
    summary: 'Imports bytes into an image',
    policy: 'modify_image',
    body: 'json',
    handle: begin,
  },
]
