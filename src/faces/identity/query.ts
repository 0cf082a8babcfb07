import type { Listing } from '../../catalogue/people/openstack/directory.ts'
import { domain } from '../../catalogue/people/openstack/lookups.ts'
import { bad } from './failures.ts'
import type { Context } from './route.ts'

export const isOn = (value: string | null) => /^(?:1|true|t|yes|y|on)$/i.test(value ?? '')

/** Entries of one page: what there is in most installations. */
const pageSize = 1000

/** What a list is asked for; null: entries of a domain that there is not. @throws Refusal 400 */
export function listingOf({ query }: Context): Listing | null {
  const [name, enabled, marker, limit] = ['name', 'enabled', 'marker', 'limit'].map((key) => query.get(key))
  if ((query.get('domain_id') ?? domain.id) !== domain.id) return null
  if (limit != null && !/^[1-9]\d{0,8}$/.test(limit)) throw bad('"limit" is a whole number above 0.')
  return {
    limit: Math.min(Number(limit ?? pageSize), pageSize),
    ...(name == null ? {} : { name }),
    ...(enabled == null ? {} : { enabled: isOn(enabled) }),
    ...(marker == null ? {} : { marker }),
  }
}
