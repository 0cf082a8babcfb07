import type { CredentialDraft } from '../../catalogue/people/openstack/application-credentials.ts'
import type { ApplicationCredential } from '../../catalogue/people/openstack/credential.ts'
import { parseInstant } from '../../catalogue/time.ts'
import { type Fields, isObject, objectIn, own, textIn } from './body.ts'
import { linksOf } from './collections.ts'
import { bad } from './failures.ts'
import { type Answer, type Context, ok, type Route } from './route.ts'
import { roleNamed, roleOf, root, wireTime } from './wire.ts'

const path = '/v3/users/:user/application_credentials'

/** Application credentials (glance.md 25.4). */
export const applicationCredentialRoutes: readonly Route[] = [
  { method: 'POST', path, summary: 'Make an application credential', handle: create },
  { method: 'GET', path, summary: 'List application credentials', handle: list },
  { method: 'GET', path: `${path}/:id`, summary: 'Show an application credential', handle: show },
  { method: 'DELETE', path: `${path}/:id`, summary: 'Delete an application credential', handle: remove },
]

const operations = ({ parts }: Context) => parts.catalogue.openstack.applicationCredentials

async function create(context: Context): Promise<Answer> {
  const fields = objectIn(await context.json(), 'application_credential', 'the request')
  const made = await operations(context).create(context.caller, context.param('user'), draftOf(fields))
  const shown = { ...view(context, made.credential), secret: made.secret }
  return { status: 201, body: { application_credential: shown } }
}

async function list(context: Context): Promise<Answer> {
  const name = context.query.get('name')
  const found = await operations(context).list(
    context.caller,
    context.param('user'),
    name === null ? {} : { name },
  )
  return ok({ application_credentials: found.map((one) => view(context, one)), links: linksOf(context) })
}

async function show(context: Context): Promise<Answer> {
  const { caller, param } = context
  const found = await operations(context).view(caller, param('user'), param('id'))
  return ok({ application_credential: view(context, found) })
}

async function remove(context: Context): Promise<Answer> {
  const { caller, param } = context
  await operations(context).remove(caller, param('user'), param('id'))
  return { status: 204 }
}

/** Whose it is and for which project say the path and the token, never the body (glance.md 25.5). */
function draftOf(fields: Fields): CredentialDraft {
  const place = '"application_credential"'
  // A limit that is not kept would be worse than none.
  if (given(fields, 'access_rules') !== undefined) throw bad('Access rules are not supported.')
  const unrestricted = given(fields, 'unrestricted') ?? false
  if (typeof unrestricted !== 'boolean') throw bad(`"unrestricted" is true or false in ${place}.`)
  return {
    name: textIn(fields, 'name', place),
    description: given(fields, 'description') === undefined ? '' : textIn(fields, 'description', place),
    secret: given(fields, 'secret') === undefined ? null : textIn(fields, 'secret', place),
    roles: given(fields, 'roles') === undefined ? null : rolesIn(fields.roles),
    unrestricted,
    expiresAt: given(fields, 'expires_at') === undefined ? null : expiryIn(fields),
  }
}

/** Clients say null for what they do not say. */
function given(fields: Fields, name: string): unknown {
  return own(fields, name) ?? undefined
}

function rolesIn(list: unknown): string[] {
  if (!Array.isArray(list)) throw bad('"roles" is a list of objects.')
  return list.map((entry) => {
    if (!isObject(entry)) throw bad('"roles" is a list of objects.')
    if (own(entry, 'id') === undefined) return textIn(entry, 'name', '"roles"')
    const id = textIn(entry, 'id', '"roles"')
    const name = roleNamed(id)
    if (name === undefined) throw bad(`There is no role ${id}.`)
    return name
  })
}

function expiryIn(fields: Fields): number {
  const instant = parseInstant(textIn(fields, 'expires_at', '"application_credential"'))
  if (instant === null) throw bad('"expires_at" is no date and time.')
  return instant
}

function view({ origin, param }: Context, credential: ApplicationCredential): object {
  const user = param('user')
  return {
    id: credential.id,
    name: credential.name,
    description: credential.description,
    user_id: user,
    project_id: credential.project,
    roles: credential.roles.map((name) => ({ ...roleOf(name), domain_id: null })),
    expires_at: credential.expiresAt === null ? null : wireTime(credential.expiresAt),
    unrestricted: credential.unrestricted,
    system: null,
    links: { self: `${origin}${root}/v3/users/${user}/application_credentials/${credential.id}` },
  }
}
