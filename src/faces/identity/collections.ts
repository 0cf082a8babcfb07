import type { Listing, Page, WireProject, WireUser } from '../../catalogue/people/openstack/directory.ts'
import { domain } from '../../catalogue/people/openstack/lookups.ts'
import { listingOf } from './query.ts'
import type { Context } from './route.ts'
import { root } from './wire.ts'

/** A list as this wire writes it. @param key of the entries in the body */
export async function collection<T extends { readonly id: string }>(
  context: Context,
  key: string,
  read: (listing: Listing) => Promise<Page<T>>,
  view: (item: T, origin: string) => object,
): Promise<object> {
  const listing = listingOf(context)
  const { items, more } = listing ? await read(listing) : { items: [], more: false }
  const last = more ? items.at(-1) : undefined
  return {
    [key]: items.map((item) => view(item, context.origin)),
    links: linksOf(context, last ? { marker: last.id, limit: String(listing!.limit) } : null),
  }
}

/** @param next what the next page is asked for by; null: there is none */
export function linksOf({ origin, request }: Context, next: Record<string, string> | null = null): object {
  const [path = '', query] = request.url.split('?', 2)
  const parameters = new URLSearchParams(query)
  for (const [name, value] of Object.entries(next ?? {})) parameters.set(name, value)
  return {
    self: `${origin}${request.url}`,
    previous: null,
    next: next && `${origin}${path}?${parameters}`,
  }
}

export const projectView = ({ id, name, description, enabled }: WireProject, origin: string) => ({
  id,
  name,
  domain_id: domain.id,
  description,
  enabled,
  parent_id: domain.id,
  is_domain: false,
  tags: [],
  options: {},
  links: { self: `${origin}${root}/v3/projects/${id}` },
})

export const userView = (user: WireUser, origin: string) => ({
  id: user.id,
  name: user.name,
  domain_id: domain.id,
  description: user.description,
  email: user.email,
  enabled: user.enabled,
  default_project_id: user.defaultProject,
  options: {},
  password_expires_at: null,
  links: { self: `${origin}${root}/v3/users/${user.id}` },
})

export const domainView = (origin: string) => ({
  ...domain,
  description: '',
  enabled: true,
  tags: [],
  options: {},
  links: { self: `${origin}${root}/v3/domains/${domain.id}` },
})
