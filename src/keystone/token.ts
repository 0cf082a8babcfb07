import { z } from 'zod'

/** A user, project or domain as Keystone calls it. */
export type KeystoneName = { readonly id: string; readonly name: string }
export type KeystoneOwned = KeystoneName & { readonly domain: KeystoneName }

/** What Keystone says of a token (glance.md 25.2). */
export type KeystoneToken = {
  readonly user: KeystoneOwned
  /** What it is for: this project, or, without one, what `scope` says. */
  readonly project: KeystoneOwned | null
  readonly scope: 'project' | 'domain' | 'system' | 'unscoped'
  /** Names of the roles there, as Keystone writes them; implied ones included. */
  readonly roles: readonly string[]
  /** Services of its catalogue; null where it was not asked for or has none. */
  readonly services: readonly KeystoneService[] | null
  /** What an application credential is limited to; null: to nothing more. */
  readonly accessRules: readonly AccessRule[] | null
  /** Microseconds since 1970. */
  readonly expiresAt: number
}

export type KeystoneService = KeystoneName & {
  readonly type: string
  readonly endpoints: readonly KeystoneEndpoint[]
}

export type KeystoneEndpoint = {
  readonly id: string
  readonly interface: string
  readonly region: string
  readonly url: string
}

/** Requests that are allowed: `path` is a pattern. Keystone takes rules that lack something, and those allow nothing. */
export type AccessRule = {
  readonly service: string | null
  readonly method: string | null
  readonly path: string | null
}

// Ids are opaque texts of up to 64 characters, names of up to 255.
const named = z.object({ id: z.string().min(1).max(64), name: z.string().min(1).max(255) })
const owned = named.extend({ domain: named })
const maybeText = z.string().nullish().default(null)

const shape = z.object({
  token: z.object({
    user: owned,
    project: owned.optional(),
    domain: named.optional(),
    system: z.object({ all: z.literal(true) }).optional(),
    roles: z.array(z.object({ name: z.string() })).optional(),
    catalog: z
      .array(
        z.object({
          id: z.string(),
          type: z.string(),
          name: z.string().default(''),
          endpoints: z.array(
            z.object({
              id: z.string(),
              interface: z.string(),
              region: z.string().nullish(),
              url: z.string(),
            }),
          ),
        }),
      )
      .optional(),
    application_credential: z
      .object({
        access_rules: z.array(z.object({ service: maybeText, method: maybeText, path: maybeText })).nullish(),
      })
      .optional(),
    expires_at: z.iso.datetime(),
  }),
})

/** Reads the body of an answer to `GET` or `POST /v3/auth/tokens`. @throws an Error when it is none */
export function readToken(text: string): KeystoneToken {
  const { token } = shape.parse(JSON.parse(text))
  const { user, project, domain, system, roles = [], catalog, application_credential: credential } = token
  return {
    user,
    project: project ?? null,
    scope: project ? 'project' : domain ? 'domain' : system ? 'system' : 'unscoped',
    roles: roles.map(({ name }) => name),
    services:
      catalog?.map((service) => ({
        ...service,
        endpoints: service.endpoints.map((endpoint) => ({ ...endpoint, region: endpoint.region ?? '' })),
      })) ?? null,
    accessRules: credential?.access_rules ?? null,
    expiresAt: Date.parse(token.expires_at) * 1000,
  }
}
