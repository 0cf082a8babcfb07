import type { Proof } from '../../catalogue/people/openstack/proof.ts'
import type { IdentityToken } from '../../catalogue/people/openstack/token.ts'
import { readAuth } from './auth-request.ts'
import { notFound } from './failures.ts'
import { isOn } from './query.ts'
import { type Answer, type Context, headerOf, type Route } from './route.ts'
import { catalogOf, tokenBody } from './wire.ts'

/** Tokens (glance.md 25.2, 25.3). */
export const tokenRoutes: readonly Route[] = [
  { method: 'POST', path: '/v3/auth/tokens', summary: 'Ask for a token', open: true, handle: issue },
  { method: 'GET', path: '/v3/auth/tokens', summary: 'Validate a token', handle: validate },
  { method: 'DELETE', path: '/v3/auth/tokens', summary: 'Revoke a token', handle: revoke },
]

async function issue(context: Context): Promise<Answer> {
  const { parts, own, request } = context
  const asked = readAuth(await context.json())
  const wanted = { ...asked, lifeSeconds: own.tokenSeconds, requestId: request.id }
  const issuing = () => parts.catalogue.openstack.issue(wanted)
  const name = guessable(asked.proof)
  const { text, token } = await (name === null ? issuing() : own.logins.attempt(request.ip, name, issuing))
  return { status: 201, headers: { 'x-subject-token': text }, body: await bodyWith(context, token) }
}

/** Whose secret could be tried out; null for tokens, which nobody guesses. */
function guessable(proof: Proof): string | null {
  switch (proof.method) {
    case 'password':
      return 'id' in proof.user ? proof.user.id : proof.user.name
    case 'application_credential': {
      const { credential, user } = proof
      if ('id' in credential) return credential.id
      return `${user && ('id' in user ? user.id : user.name)} ${credential.name}`
    }
    case 'token':
      return null
  }
}

async function validate(context: Context): Promise<Answer> {
  const { parts, caller, request, query } = context
  const text = subjectOf(context)
  const allowExpired = isOn(query.get('allow_expired'))
  const token = await parts.catalogue.openstack.validate(caller, text, { allowExpired })
  return {
    status: 200,
    headers: { 'x-subject-token': headerOf(request, 'x-subject-token') },
    body: await bodyWith(context, token),
  }
}

async function revoke(context: Context): Promise<Answer> {
  await context.parts.catalogue.openstack.revoke(context.caller, subjectOf(context))
  return { status: 204 }
}

/** @throws Refusal 404 */
function subjectOf({ request }: Context): string {
  const text = headerOf(request, 'x-subject-token')
  if (text === '') throw notFound()
  return text
}

async function bodyWith(context: Context, token: IdentityToken): Promise<object> {
  return tokenBody(token, context.query.has('nocatalog') ? null : await catalogFor(context))
}

/** The catalogue as this caller reaches it, in the region that new images are put in. */
export async function catalogFor({ parts, origin }: Context): Promise<object[]> {
  return catalogOf(origin, await parts.catalogue.locations.region())
}
