import { isFailure } from '../../catalogue/failure.ts'
import type { DanubeUserPatch } from '../../catalogue/people/danube-users/rules.ts'
import type { DanubeUser } from '../../catalogue/people/danube-users/user.ts'
import { toMicros } from '../../catalogue/time.ts'
import { bindingOf } from './binding.ts'
import { permissionDenied, refuse } from './failures.ts'
import { type Fields, fields, noSuchObject, required } from './fields.ts'
import { type Answer, type Context, done, type Route } from './route.ts'

/** Users and their keys (danube.md 4.4). */
export const userRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/accounts/user',
    summary: 'List users',
    scope: 'main',
    group: 'u',
    async handle({ parts, actor, full, extended, orderBy }) {
      const order = orderBy(['username', 'created'], 'username')
      const { danubeUsers } = parts.catalogue
      if (!full && !extended) return done(await danubeUsers.names(actor, order))
      return done((await danubeUsers.list(actor, order)).map(toWire))
    },
  },
  {
    method: 'GET',
    path: '/accounts/user/:username',
    summary: 'Show a user',
    scope: 'main',
    group: 'u',
    async handle({ parts, actor, segment }) {
      return answer(await parts.catalogue.danubeUsers.view(actor, segment('username')))
    },
  },
  {
    method: 'POST',
    path: '/accounts/user/:username',
    summary: 'Create a user',
    scope: 'main',
    group: 'u',
    async handle(context) {
      const { actor, data } = context
      const { danubeUsers } = context.parts.catalogue
      const username = context.segment('username')
      await danubeUsers.demandFree(actor, username)
      const read = fields(data)
      read.check('username', username, { max: longestUsername, pattern: null })
      const said = await readFacts(context, read, null)
      for (const name of ['email', 'first_name', 'last_name', 'password'])
        if (!read.has(name)) read.fail(name, required)
      read.demand()
      const usual = {
        superAdmin: false,
        enabled: true,
        apiAccess: true,
        groups: [],
        boundProjectId: null,
        currentDatacenter: context.datacenter.name,
      }
      const { email = '', firstName = '', lastName = '', password = '' } = said
      const draft = { ...usual, ...said, email, firstName, lastName, password }
      return answer(await danubeUsers.create(actor, username, draft), 201)
    },
  },
  {
    method: 'PUT',
    path: '/accounts/user/:username',
    summary: 'Change a user',
    scope: 'main',
    group: 'u',
    async handle(context) {
      const { actor, data } = context
      const { danubeUsers } = context.parts.catalogue
      const before = await danubeUsers.view(actor, context.segment('username'))
      const read = fields(data)
      const said = await readFacts(context, read, before.boundProjectId)
      read.demand()
      return answer(await protecting(() => danubeUsers.change(actor, before.username, said)))
    },
  },
  {
    method: 'DELETE',
    path: '/accounts/user/:username',
    summary: 'Delete a user',
    scope: 'main',
    group: 'u',
    async handle({ parts, actor, segment }) {
      try {
        const user = await protecting(() => parts.catalogue.danubeUsers.remove(actor, segment('username')))
        return { kind: 'done', result: null, owner: user.id }
      } catch (error) {
        if (!isFailure(error, 'conflict') || error.detail.reason !== 'relations') throw error
        return { kind: 'failed', result: { detail: error.message, relations: error.detail.fields } }
      }
    },
  },
  {
    method: 'GET',
    path: '/accounts/user/:username/apikeys',
    summary: 'Show which keys a user has',
    scope: 'main',
    group: 'u',
    async handle({ parts, actor, scheme, segment }) {
      demandToken(scheme)
      const user = await parts.catalogue.danubeUsers.view(actor, segment('username'))
      return { kind: 'done', result: keysOf(user), owner: user.id }
    },
  },
  {
    method: 'PUT',
    path: '/accounts/user/:username/apikeys',
    summary: 'Make new keys for a user',
    scope: 'main',
    group: 'u',
    async handle({ parts, actor, scheme, segment, data }) {
      demandToken(scheme)
      const read = fields(data)
      const wanted = {
        apiKey: read.boolean('api_key') ?? false,
        callbackKey: read.boolean('callback_key') ?? false,
      }
      const { user, made } = await parts.catalogue.danubeUsers.makeKeys(actor, segment('username'), wanted)
      const { api_key, callback_key } = keysOf(user)
      const result = { api_key: made.apiKey ?? api_key, callback_key: made.callbackKey ?? callback_key }
      return { kind: 'done', result, owner: user.id }
    },
  },
]

const longestUsername = 254
const longestEmail = 254
const longestName = 30
const invalidEmail = 'Enter a valid email address.'

/** Whoever has only a key must not be able to make itself another one. @throws Refusal 403 */
function demandToken(scheme: Context['scheme']): void {
  if (scheme !== 'token') throw permissionDenied()
}

/** Words what protects the last administrator, and everybody from himself. */
async function protecting<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const reason = isFailure(error, 'conflict') ? error.detail.reason : undefined
    if (reason === 'last-admin') throw refuse(428, 'Last administrator cannot be deleted or disabled')
    if (reason === 'self') throw refuse(428, 'You cannot delete yourself')
    throw error
  }
}

/** What was said of a user; what is wrong with it is noted in `read`. @param bound what it is bound to now */
async function readFacts(context: Context, read: Fields, bound: number | null): Promise<DanubeUserPatch> {
  const { catalogue } = context.parts
  const email = read.text('email', { max: longestEmail, pattern: null })
  if (email !== undefined && !/^[^\s@]+@[^\s@]+$/.test(email)) read.fail('email', invalidEmail)
  const currentDatacenter = read.text('current_dc')
  const groups = read.list('groups')
  const said = {
    email,
    firstName: read.text('first_name', { max: longestName }),
    lastName: read.text('last_name', { max: longestName }),
    password: read.text('password', { pattern: null }),
    superAdmin: read.boolean('is_super_admin'),
    enabled: read.boolean('is_active'),
    apiAccess: read.boolean('api_access'),
    groups,
    currentDatacenter,
    boundProjectId: await bindingOf(context, read, bound),
  }
  // Others may not say them anyway, and need not learn which there are.
  for (const name of (context.actor.superAdmin ? groups : undefined) ?? [])
    if (!(await catalogue.groups.exists(name))) read.fail('groups', noSuchObject('name', name))
  if (
    currentDatacenter !== undefined &&
    !(await catalogue.datacenters.isVisible(context.actor, currentDatacenter))
  )
    read.fail('current_dc', noSuchObject('name', currentDatacenter))
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
}

function answer(user: DanubeUser, status: 200 | 201 = 200): Answer {
  return { kind: 'done', result: toWire(user), status, owner: user.id }
}

/** Whether there is a key, never which. */
function keysOf({ hasApiKey, hasCallbackKey }: DanubeUser) {
  return { api_key: hasApiKey ? '***' : null, callback_key: hasCallbackKey ? '***' : null }
}

function toWire(user: DanubeUser): object {
  return {
    ...keysOf(user),
    dc_bound: user.boundProjectId !== null,
    username: user.username,
    current_dc: user.currentDatacenter,
    email: user.email,
    first_name: user.firstName,
    last_name: user.lastName,
    is_super_admin: user.superAdmin,
    is_active: user.enabled,
    api_access: user.apiAccess,
    groups: user.groups,
    created: toMicros(user.createdAt),
  }
}
