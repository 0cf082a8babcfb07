import type { Resource, SearchField } from './resource.ts'

/** A text that free text finds. */
const text: SearchField = { kind: 'string' }
const explicitText: SearchField = { kind: 'string', explicitOnly: true }
const number: SearchField = { kind: 'integer' }
const truth: SearchField = { kind: 'set', values: { true: 1, false: 0 } }
/** Names and ids of related records, of which there can be several. */
const texts: SearchField = { kind: 'string', explicitOnly: true, many: true }
const numbers: SearchField = { kind: 'integer', innerName: 'id', many: true }
/** Foreman has it, this catalogue has none. */
const none: SearchField = { kind: 'string', explicitOnly: true, constant: null }

const places = { location: texts, location_id: numbers, organization: texts, organization_id: numbers }

/** foreman.md 7.6. `architecture` and `operatingsystem` are ids, `compute_resource` is a name. */
export const images: Resource = {
  fields: {
    architecture: { kind: 'integer', innerName: 'id' },
    compute_resource: text,
    id: number,
    name: text,
    operatingsystem: { kind: 'integer', innerName: 'id' },
    user_data: truth,
    username: text,
  },
  order: [{ field: 'name' }],
}

/** foreman.md 9.1. `type` is the name of a class, such as `Foreman::Model::EC2`; `provider` is no field. */
export const computeResources: Resource = {
  fields: { id: number, name: text, type: text, ...places },
  order: [{ field: 'name' }],
}

/** foreman.md 9.2 and 11.5. `major` and `minor` are texts. */
export const operatingSystems: Resource = {
  fields: {
    architecture: texts,
    description: text,
    family: text,
    id: number,
    major: text,
    medium: none,
    minor: text,
    name: text,
    params: none,
    template: none,
    title: text,
  },
  order: [{ field: 'title' }],
}

export const architectures: Resource = { fields: { id: number, name: text }, order: [{ field: 'name' }] }

/** foreman.md 9.4: `organization_id` is the own id. */
export const organizations: Resource = {
  fields: {
    description: text,
    id: number,
    name: text,
    organization_id: { kind: 'integer', field: 'id', innerName: 'id' },
    title: text,
  },
  order: [{ field: 'title' }],
}

/** foreman.md 9.4: `location_id` is the own id. */
export const locations: Resource = {
  fields: {
    description: text,
    id: number,
    location_id: { kind: 'integer', field: 'id', innerName: 'id' },
    name: text,
    title: text,
  },
  order: [{ field: 'title' }],
}

/** foreman.md 9.6 and 11.5. Everybody here is of the one source of accounts, `Internal`. */
export const users: Resource = {
  fields: {
    admin: truth,
    auth_source: { kind: 'string', explicitOnly: true, constant: 'Internal' },
    auth_source_type: { kind: 'string', explicitOnly: true, constant: 'AuthSourceInternal' },
    description: explicitText,
    disabled: truth,
    firstname: text,
    id: number,
    last_login_on: { kind: 'date' },
    lastname: text,
    login: text,
    mail: text,
    ...places,
    role: texts,
    usergroup: texts,
  },
  order: [{ field: 'login' }],
}

/** Users by the roles as Foreman names and numbers them. `role` is the catalogue's word for one. */
export function usersWithRoles(
  known: readonly { readonly id: number; readonly name: string; readonly role: string }[],
): Resource {
  const byName = new Map(known.map(({ name, role }) => [name, role]))
  const byId = new Map(known.map(({ id, role }) => [id, role]))
  return {
    ...users,
    fields: {
      ...users.fields,
      role: { ...texts, kept: byName },
      role_id: { ...numbers, field: 'role', kept: byId },
    },
  }
}

/** foreman.md 9.5 and 11.5. */
export const roles: Resource = {
  fields: {
    builtin: truth,
    description: text,
    id: number,
    locked: truth,
    name: text,
    permission: texts,
  },
  order: [{ field: 'name' }],
}

export const authSources: Resource = {
  fields: { id: number, name: text, ...places },
  order: [{ field: 'name' }],
}

export const settings: Resource = {
  fields: { description: text, id: number, name: text },
  order: [{ field: 'name' }],
}

export const permissions: Resource = {
  fields: { id: number, name: text, resource_type: text },
  order: [{ field: 'name' }],
}
