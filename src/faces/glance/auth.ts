import type { FastifyRequest } from 'fastify'
import type { Actor } from '../../catalogue/actor.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { isFailure } from '../../catalogue/failure.ts'
import { actorOf, type OpenstackIdentity } from '../../catalogue/people/openstack/identity.ts'
import { Refusal } from './failures.ts'

export type Caller = { readonly identity: OpenstackIdentity; readonly actor: Actor }

/** Longer request ids are not the caller's to choose (glance.md 1.1). */
const longestRequestId = 64

/** The id under which a request is known: the caller's own, where it gives one (glance.md 1.1). */
export function requestIdOf(request: FastifyRequest): string {
  const given = headerOf(request, 'x-openstack-request-id')
  if (given === undefined || !/^[\x21-\x7e]+$/.test(given) || given.length > longestRequestId)
    return request.id
  return given.startsWith('req-') ? given : `req-${given}`
}

/**
 * Who asks, by its token. Identity headers of the request are never looked at (glance.md section 26, step 1).
 * @param identityUrl where tokens are had
 * @throws Refusal 401; Failure `unavailable` when an external Keystone cannot be asked
 */
export async function authenticate(
  catalogue: Catalogue,
  request: FastifyRequest,
  identityUrl: string,
): Promise<Caller> {
  const token = headerOf(request, 'x-auth-token')?.trim() ?? ''
  const serviceToken = headerOf(request, 'x-service-token')?.trim()
  try {
    if (token === '') throw unauthorized(identityUrl)
    const identity = await catalogue.openstack.identityOf(token, {
      address: request.ip,
      method: request.method,
      path: request.url.split('?', 1)[0]!,
      ...(serviceToken ? { serviceToken } : {}),
    })
    return { identity, actor: actorOf(identity, 'glance', requestIdOf(request)) }
  } catch (error) {
    throw isFailure(error, 'unauthenticated') ? unauthorized(identityUrl) : error
  }
}

function unauthorized(identityUrl: string): Refusal {
  return new Refusal(401, 'The request you have made requires authentication.', {
    headers: { 'www-authenticate': `Keystone uri="${identityUrl}"` },
  })
}

export function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(',') : value
}
