import type { UserRecord } from '../../catalogue/people/accounts/record.ts'
import type { UserPatch } from '../../catalogue/people/accounts/rules.ts'
import type { TreeName } from '../../catalogue/places/trees/tree.ts'
import type { Filter } from '../../catalogue/search.ts'
import { type Reader, type Readers, readersOf, readPatch, said } from './attributes.ts'
import { findFriendly, type PlaceContext } from './context.ts'
import { crudRoutes, firstId } from './crud.ts'
import { notFound } from './failures.ts'
import { internalSource } from './lookups.ts'
import { placeName } from './names.ts'
import { booleanOf, coerce, type Value } from './params.ts'
import { findRole, roleRecord, roleRecords, rolesById } from './roles.ts'
import { type Context, ok, type Route } from './route.ts'
import { usersWithRoles } from './search/resources.ts'
import { rawTime, viewTime } from './wire.ts'

const { text, id, ids, children } = readersOf<UserPatch>()

/** What is not said of a truth is no. */
const truth =
  (key: 'superAdmin' | 'mailEnabled'): Reader<UserPatch> =>
  (value, name) => ({ [key]: booleanOf(name, value) ?? false })

const roles: Reader<UserPatch> = (value) => {
  const wanted = coerce.ids(value)
  return wanted === undefined ? {} : { roles: rolesById(wanted) }
}

/** As it was typed: spaces are part of a password. */
const password: Reader<UserPatch> = (value) =>
  said<UserPatch, 'password'>('password', typeof value === 'string' ? value : coerce.text(value))

const readers: Readers<UserPatch> = {
  login: text('login'),
  firstname: text('firstName'),
  lastname: text('lastName'),
  mail: text('email'),
  description: text('description'),
  locale: text('locale'),
  timezone: text('timezone'),
  admin: truth('superAdmin'),
  mail_enabled: truth('mailEnabled'),
  disabled: (value, name) => ({ enabled: !(booleanOf(name, value) ?? false) }),
  password,
  auth_source_id: id('authSourceId'),
  default_organization_id: id('defaultProjectId'),
  default_location_id: id('defaultLocationId'),
  role_ids: roles,
  roles: (value, name, context) => roles(idsOf(value), name, context),
  organization_ids: ids('organizationIds'),
  organizations: children('organizationIds'),
  location_ids: ids('locationIds'),
  locations: children('locationIds'),
}

function idsOf(value: Value): Value {
  if (!Array.isArray(value)) return value
  return (value as readonly Value[]).map((one) =>
    typeof one === 'object' && one !== null && 'id' in one ? (one.id ?? null) : one,
  )
}

/** Those of the context, and of the role that the path names. @throws Refusal 404 */
function within(context: Context): Filter | undefined {
  const parts = placeFilters(context.place)
  const named = context.segment('role_id')
  if (named !== '') {
    const found = findRole(named)
    if (!found) throw notFound('user')
    parts.push({ field: 'role', is: 'eq', value: found.role })
  }
  return parts.length === 0 ? undefined : { all: parts }
}

function placeFilters({ organization, location }: PlaceContext): Filter[] {
  return [
    ...(organization ? [{ field: 'organization_id', is: 'eq', value: organization.id } as const] : []),
    ...(location ? [{ field: 'location_id', is: 'eq', value: location.id } as const] : []),
  ]
}

const search = usersWithRoles(roleRecords)

/** foreman.md 9.6. */
export const userRoutes: readonly Route[] = [
  ...crudRoutes<UserRecord, UserPatch>({
    resource: 'users',
    nested: ['/roles/:role_id', '/locations/:location_id', '/organizations/:organization_id'],
    list(context) {
      const { actor, parts } = context
      const own = within(context)
      return {
        count: (listing) => parts.catalogue.accounts.count(actor, listing),
        list: (listing) => parts.catalogue.accounts.list(actor, listing),
        wire: userWire,
        search,
        ...(own ? { within: own } : {}),
      }
    },
    find: ({ actor, parts }, named) =>
      findFriendly(named, 'login', (filter) =>
        firstId(parts.catalogue.accounts.list(actor, { filter, limit: 1 })),
      ),
    view: async ({ actor, parts }, user) => userWire(await parts.catalogue.accounts.view(actor, user)),
    read: (context) => readPatch(context, 'user', readers),
    create: async ({ actor, parts }, patch) => userWire(await parts.catalogue.accounts.create(actor, patch)),
    change: async ({ actor, parts }, user, patch) =>
      userWire(await parts.catalogue.accounts.change(actor, user, patch)),
    remove: async ({ actor, parts }, user) => userRow(await parts.catalogue.accounts.remove(actor, user)),
  }),
  {
    resource: 'users',
    action: 'show_current',
    method: 'GET',
    path: '/current_user',
    handle: async ({ actor, parts }) =>
      ok(userWire(await parts.catalogue.accounts.view(actor, actor.userId!))),
  },
]

function userWire(one: UserRecord): object {
  const placed = (places: readonly TreeName[], wanted: number | null) => {
    const found = places.find((place) => place.id === wanted)
    return found ? placeName(found) : null
  }
  return {
    firstname: one.firstName,
    lastname: one.lastName,
    mail: one.email,
    mail_enabled: one.mailEnabled,
    admin: one.superAdmin,
    auth_source_id: internalSource.id,
    disabled: !one.enabled,
    auth_source_name: internalSource.name,
    timezone: one.timezone,
    locale: one.locale,
    last_login_on: one.lastLoginAt === null ? null : viewTime(one.lastLoginAt),
    created_at: viewTime(one.createdAt),
    updated_at: viewTime(one.updatedAt),
    id: one.id,
    login: one.login,
    description: one.description,
    ssh_keys: [],
    default_location: placed(one.locations, one.defaultLocationId),
    locations: one.locations.map(placeName),
    default_organization: placed(one.organizations, one.defaultProjectId),
    organizations: one.organizations.map(placeName),
    effective_admin: one.superAdmin,
    cached_usergroups: [],
    auth_source_internal: internalSource,
    mail_notifications: [],
    roles: one.roles.map((role) => {
      const { id, name, description } = roleRecord(role)
      return { name, id, description, origin: 'foreman' }
    }),
    usergroups: one.groups.map(({ id, name }) => ({ id, name })),
  }
}

/** The row, without the digest of the password, which Foreman's own answer holds. */
function userRow(one: UserRecord): object {
  return {
    id: one.id,
    login: one.login,
    firstname: one.firstName,
    lastname: one.lastName,
    mail: one.email,
    admin: one.superAdmin,
    last_login_on: one.lastLoginAt === null ? null : rawTime(one.lastLoginAt),
    auth_source_id: internalSource.id,
    created_at: rawTime(one.createdAt),
    updated_at: rawTime(one.updatedAt),
    locale: one.locale,
    default_organization_id: one.defaultProjectId,
    default_location_id: one.defaultLocationId,
    lower_login: one.login.toLowerCase(),
    mail_enabled: one.mailEnabled,
    timezone: one.timezone,
    description: one.description,
    disabled: !one.enabled,
  }
}
