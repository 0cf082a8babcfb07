import { createHash } from 'node:crypto'
import { domain } from '../../catalogue/people/openstack/lookups.ts'
import type { IdentityToken } from '../../catalogue/people/openstack/token.ts'
import { second, toSeconds } from '../../catalogue/time.ts'

/** Everything of this wire lies below. */
export const root = '/identity'

/** With six fractional digits always, which some clients parse by position. */
export function wireTime(instant: number): string {
  return `${toSeconds(instant).slice(0, -1)}.${String(instant % second).padStart(6, '0')}Z`
}

/** 32 hex digits for a thing that has no row; the same on every server. */
export function fixedId(what: string): string {
  return createHash('sha256').update(`imageport ${what}`).digest('hex').slice(0, 32)
}

const roleIds = new Map(
  ['admin', 'member', 'reader', 'service'].map((name) => [name, fixedId(`role ${name}`)]),
)

export const roleOf = (name: string) => ({ id: roleIds.get(name) ?? fixedId(`role ${name}`), name })

/** The name of a role by its id. */
export function roleNamed(id: string): string | undefined {
  return [...roleIds].find(([, known]) => known === id)?.[0]
}

const interfaces = ['public', 'internal', 'admin'] as const
const services = [
  { type: 'identity', name: 'keystone', path: `${root}/v3` },
  { type: 'image', name: 'glance', path: '' },
] as const

/** The services of this server: what clients find the others by (glance.md 25.2). */
export function catalogOf(origin: string, region: string): object[] {
  return services.map(({ type, name, path }) => ({
    id: fixedId(`service ${type}`),
    type,
    name,
    endpoints: interfaces.map((face) => ({
      id: fixedId(`endpoint ${type} ${face}`),
      interface: face,
      region,
      region_id: region,
      url: `${origin}${path}`,
    })),
  }))
}

/** @param catalog null: left out, because the caller does not want it */
export function tokenBody(token: IdentityToken, catalog: object[] | null): object {
  const { identity, scope, applicationCredential } = token
  const scoped =
    scope === 'project'
      ? { project: { ...identity.project, domain }, is_domain: false }
      : scope === 'system'
        ? { system: { all: true } }
        : {}
  return {
    token: {
      methods: token.methods,
      user: { ...identity.user, domain, password_expires_at: null },
      audit_ids: token.auditIds,
      issued_at: wireTime(token.issuedAt),
      expires_at: wireTime(identity.expiresAt),
      ...scoped,
      ...(scope === 'unscoped' ? {} : { roles: [...identity.roles].map(roleOf) }),
      ...(scope === 'unscoped' || catalog === null ? {} : { catalog }),
      ...(applicationCredential
        ? {
            application_credential: {
              id: applicationCredential.id,
              name: applicationCredential.name,
              restricted: !applicationCredential.unrestricted,
            },
          }
        : {}),
    },
  }
}

/** The one version that there is (glance.md 25.1). */
export function versionOf(origin: string): object {
  return {
    id: 'v3.14',
    status: 'stable',
    updated: '2020-04-07T00:00:00Z',
    links: [{ rel: 'self', href: `${origin}${root}/v3/` }],
    'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
  }
}
