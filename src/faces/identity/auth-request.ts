import type { DomainRef, Ref } from '../../catalogue/people/openstack/lookups.ts'
import type { Proof } from '../../catalogue/people/openstack/proof.ts'
import type { WantedScope } from '../../catalogue/people/openstack/tokens.ts'
import { type Fields, isObject, objectIn, own, textIn } from './body.ts'
import { bad, unauthorized } from './failures.ts'

export type AuthRequest = { readonly proof: Proof; readonly scope: WantedScope }

/** What is asked for with `POST /v3/auth/tokens` (glance.md 25.2). @throws Refusal 400, 401 */
export function readAuth(body: Fields): AuthRequest {
  const auth = objectIn(body, 'auth', 'the request')
  const identity = objectIn(auth, 'identity', '"auth"')
  return { proof: proofIn(identity), scope: scopeIn(auth) }
}

function proofIn(identity: Fields): Proof {
  const methods = own(identity, 'methods')
  if (!Array.isArray(methods) || !methods.every((method) => typeof method === 'string'))
    throw bad('A list "methods" is expected in "identity".')
  const named = new Map(methods.map((method) => [method, objectIn(identity, method, '"identity"')]))
  // Nobody here has more than one thing to show.
  if (named.size !== 1) throw unauthorized()
  const [[method, fields]] = named as unknown as [[string, Fields]]
  switch (method) {
    case 'password': {
      const user = objectIn(fields, 'user', '"password"')
      return { method, user: refIn(user, '"user"'), password: textIn(user, 'password', '"user"') }
    }
    case 'token':
      return { method, token: textIn(fields, 'id', '"token"') }
    case 'application_credential':
      return credentialIn(fields)
    default:
      throw unauthorized()
  }
}

function credentialIn(fields: Fields): Proof {
  const place = '"application_credential"'
  const method = 'application_credential'
  const secret = textIn(fields, 'secret', place)
  const user = own(fields, 'user') === undefined ? null : refIn(objectIn(fields, 'user', place), '"user"')
  if (own(fields, 'id') !== undefined)
    return { method, credential: { id: textIn(fields, 'id', place) }, secret, user }
  const name = textIn(fields, 'name', place)
  if (user === null) throw bad(`An object "user" is expected in ${place} beside a name.`)
  return { method, credential: { name }, secret, user }
}

/** By id, or by name and domain. */
function refIn(fields: Fields, place: string): Ref {
  if (own(fields, 'id') !== undefined) return { id: textIn(fields, 'id', place) }
  return {
    name: textIn(fields, 'name', place),
    domain: domainIn(objectIn(fields, 'domain', place)),
  }
}

function domainIn(fields: Fields): DomainRef {
  return own(fields, 'id') !== undefined
    ? { id: textIn(fields, 'id', '"domain"') }
    : { name: textIn(fields, 'name', '"domain"') }
}

const scopes = ['project', 'domain', 'system', 'unscoped', 'OS-TRUST:trust'] as const

function scopeIn(auth: Fields): WantedScope {
  const scope = own(auth, 'scope')
  if (scope === undefined) return { kind: 'default' }
  if (scope === 'unscoped') return { kind: 'unscoped' }
  const named = isObject(scope) ? scopes.filter((name) => Object.hasOwn(scope, name)) : []
  const [kind] = named
  if (!isObject(scope) || kind === undefined || named.length > 1)
    throw bad('One of "project", "domain", "system" and "unscoped" is expected in "scope".')
  switch (kind) {
    case 'project':
      return { kind, project: refIn(objectIn(scope, kind, '"scope"'), '"project"') }
    case 'system':
      if (own(objectIn(scope, kind, '"scope"'), 'all') !== true) throw bad('"all" is expected in "system".')
      return { kind }
    case 'domain':
      domainIn(objectIn(scope, kind, '"scope"'))
      return { kind }
    case 'unscoped':
      return { kind }
    case 'OS-TRUST:trust':
      throw unauthorized()
  }
}
