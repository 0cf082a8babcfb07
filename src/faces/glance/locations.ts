import type { ImagePatch } from '../../catalogue/images/draft.ts'
import type { Image } from '../../catalogue/images/image.ts'
import type { ImageLocation } from '../../catalogue/images/locations/location.ts'
import type { GivenLocation, LocationChange } from '../../catalogue/images/locations/plan.ts'
import { demandValues } from './attributes.ts'
import { objectOf } from './body.ts'
import { bad, mismatch, notAuthorized, Refusal } from './failures.ts'
import type { Operation } from './patch/operations.ts'
import { type Answer, type Context, ok, type Route } from './route.ts'

/** A location as bodies write it, checked against the schema of images. */
type WireLocation = {
  readonly url: string
  readonly metadata: Readonly<Record<string, unknown>>
  readonly validation_data?: {
    readonly checksum?: string
    readonly os_hash_algo: string
    readonly os_hash_value: string
  }
}

/**
 * An operation on `/locations` says what it should (glance.md 8.1, section 16).
 * @throws Refusal 400; 403 where locations are switched off, and for an empty list
 */
export function demandLocationChange(
  { options }: Context,
  { verb, path: [, place], value }: Operation,
): void {
  if (verb === 'replace' && Array.isArray(value) && value.length === 0)
    throw new Refusal(403, 'Cannot set locations to empty list.')
  if (!options.locations)
    throw new Refusal(403, `It's not allowed to ${verb} locations if locations are invisible.`)
  if (verb !== 'remove') demandValues({ locations: verb === 'add' ? [value] : value })
  const isPlace =
    place === undefined || /^(?:0|[1-9]\d{0,8})$/.test(place) || (verb === 'add' && place === '-')
  if (!isPlace) throw bad(`Invalid position for ${verb === 'add' ? 'adding' : 'removing'} a location.`)
}

/**
 * Carries out checked operations on `/locations`, in their order, and with them the change of everything else.
 * @throws Failure as `imageLocations.change`
 */
export function changeLocations(
  { parts, actor, param }: Context,
  operations: readonly Operation[],
  decide: (image: Image) => ImagePatch,
): Promise<Image> {
  return parts.catalogue.imageLocations.change(actor, param('image'), operations.map(toChange), decide)
}

function toChange({ verb, path: [, place], value }: Operation): LocationChange {
  switch (verb) {
    case 'add': {
      const location = given(value as WireLocation)
      return { verb, location, ...(place === '-' ? {} : { place: Number(place) }) }
    }
    case 'replace':
      return { verb, locations: (value as readonly WireLocation[]).map(given) }
    case 'remove':
      return { verb, place: Number(place) }
  }
}

function given({ url, metadata, validation_data: said }: WireLocation): GivenLocation {
  if (!said) return { url, metadata }
  const { checksum, os_hash_algo: algorithm, os_hash_value: value } = said
  const promised = { algorithm, value, ...(checksum === undefined ? {} : { md5: checksum }) }
  return { url, metadata, promised }
}

/** What images show of their locations, by uuid; null where locations are switched off. */
export async function locationsOf(
  { parts, options, actor }: Pick<Context, 'parts' | 'options' | 'actor'>,
  images: readonly Image[],
): Promise<ReadonlyMap<string, readonly ImageLocation[]> | null> {
  return options.locations ? parts.catalogue.imageLocations.of(actor, images) : null
}

export const toWireLocation = ({ url, metadata }: ImageLocation): object => ({ url, metadata })

/** For services only, which fetch from there themselves. */
async function list(context: Context): Promise<Answer> {
  const { parts, actor, param, identity } = context
  const image = await parts.catalogue.images.view(actor, param('image'))
  if (!identity.roles.has('service')) throw notAuthorized('fetch_image_location')
  const locations = (await locationsOf(context, [image]))!.get(image.uuid)!
  return ok(locations.map(toWireLocation))
}

async function add({ parts, actor, param, identity, json }: Context): Promise<Answer> {
  const { url, promised } = newLocation(objectOf(await json()))
  const location = { url, ...(promised ? { promised } : {}) }
  await parts.catalogue.imageLocations.fetch(actor, param('image'), location, identity.roles.has('service'))
  return { status: 202 }
}

/** @throws Refusal 400 */
function newLocation(body: Readonly<Record<string, unknown>>): GivenLocation {
  const stranger = Object.keys(body).find((key) => key !== 'url' && key !== 'validation_data')
  if (stranger !== undefined)
    throw mismatch('location', `has the unknown property '${stranger.slice(0, 255)}'`)
  const location = { ...body, metadata: {} }
  demandValues({ locations: [location] })
  const found = given(location as unknown as WireLocation)
  if (found.promised?.md5 !== undefined) throw mismatch('location', "has the unknown property 'checksum'")
  return found
}

/** The API of locations, 2.17. */
export const locationRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/images/:image/locations',
    summary: 'Where the bytes of an image are',
    policy: 'fetch_image_location',
    forServices: true,
    handle: list,
  },
  {
    method: 'POST',
    path: '/images/:image/locations',
    summary: 'Has the bytes of an image fetched from a location',
    policy: 'add_image_location',
    forServices: true,
    body: 'json',
    handle: add,
  },
]
