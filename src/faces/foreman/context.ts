import type { Actor } from '../../catalogue/actor.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { Context } from '../../catalogue/places/listing.ts'
import type { Filter } from '../../catalogue/search.ts'
import { contextNotFound, literal } from './failures.ts'
import type { Params, Value } from './params.ts'
import { holds } from './permissions.ts'

type Place = { readonly id: number; readonly name: string }

/** The organization and location in which a request is made (foreman.md 6.3); absent: any. */
export type PlaceContext = { readonly organization?: Place; readonly location?: Place }

/** What operations take. */
export function scopeOf({ organization, location }: PlaceContext): Context {
  return {
    ...(organization ? { projectId: organization.id } : {}),
    ...(location ? { locationId: location.id } : {}),
  }
}

/**
 * Sessions that begin at this API hold no context of their own, so what a request does not name is "any".
 * @throws Refusal 404 for what does not exist or is not the caller's
 */
export async function contextOf(catalogue: Catalogue, actor: Actor, params: Params): Promise<PlaceContext> {
  const location = await named(params.location_id, 'Location', async (filter) => {
    if (!holds(actor, 'view_locations')) return undefined
    const [found] = await catalogue.locations.list(actor, { filter, limit: 1 })
    return found
  })
  const organization = await named(params.organization_id, 'Organization', async (filter) => {
    if (!holds(actor, 'view_organizations')) return undefined
    const [found] = await catalogue.organizations.list(actor, { filter, limit: 1 })
    return found
  })
  return { ...(organization ? { organization } : {}), ...(location ? { location } : {}) }
}

async function named(
  value: Value | undefined,
  kind: 'Organization' | 'Location',
  find: (filter: Filter) => Promise<Place | undefined>,
): Promise<Place | undefined> {
  if (value === undefined || value === null || value === '') return undefined
  const text = typeof value === 'object' ? null : String(value)
  const found = text === null ? undefined : await findFriendly(text, 'title', find)
  if (!found) throw contextNotFound(kind, text ?? literal(value))
  return found
}

/**
 * What a text names: the title or name first, then the number before it or of it, as Foreman does (section 1).
 * `12` and `12-anything` are numbers, `12x` is none.
 */
export async function findFriendly<T>(
  text: string,
  field: 'title' | 'name' | 'login',
  find: (filter: Filter) => Promise<T | undefined>,
): Promise<T | undefined> {
  // No text in the database holds it, and asking would be an error of its own.
  if (text.includes('\0')) return undefined
  const byName = await find({ field, is: 'eq', value: text })
  if (byName !== undefined) return byName
  const number = /^(\d{1,15})(?:-|$)/.exec(text)?.[1]
  return number === undefined ? undefined : find({ field: 'id', is: 'eq', value: Number(number) })
}

/** Which context an answer was made in (8.3). Bytes, because names may hold what no header can. */
export function contextHeaders({ organization, location }: PlaceContext): Record<string, string> {
  return {
    foreman_current_organization: said(organization),
    foreman_current_location: said(location),
  }
}

function said(place: Place | undefined): string {
  if (!place) return '; ANY'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these would break the header
  const name = place.name.replace(/[\u0000-\u001f\u007f]/g, ' ')
  return Buffer.from(`${place.id}; ${name}`, 'utf8').toString('latin1')
}
