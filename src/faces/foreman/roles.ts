import { matches } from '../../catalogue/matching.ts'
import { type Role, roleNames, rolePermissions } from '../../catalogue/roles.ts'
import type { Filter } from '../../catalogue/search.ts'
import { notFound, unprocessable } from './failures.ts'
import { always, holdsForOne, never, reworded } from './filters.ts'
import { inMemory, listAnswer, showAnswer } from './lists.ts'
import { leadingId } from './params.ts'
import { foremanPermissions } from './permissions.ts'
import type { Route } from './route.ts'
import { roles as search } from './search/resources.ts'

export type RoleRecord = {
  readonly id: number
  /** What the catalogue calls it. */
  readonly role: Role
  readonly name: string
  readonly description: string
}

/** The catalogue's roles by the names that Foreman's users know (foreman.md section 12, one-catalogue.md 4.4). */
const names: Readonly<Record<Role, readonly [name: string, description: string]>> = {
  admin: ['System admin', 'May do everything in the organization'],
  owner: ['Organization admin', 'Manages the images and compute resources of the organization'],
  image_import_admin: ['Manager', 'Manages images and compute resources, and imports images'],
  image_admin: ['Image admin', 'Manages images and compute resources'],
  member: ['Member', 'Works with images'],
  reader: ['Viewer', 'Looks at everything and changes nothing'],
}

export const roleRecords: readonly RoleRecord[] = roleNames.map((role, index) => {
  const [name, description] = names[role]
  return { id: index + 1, role, name, description }
})

export const roleRecord = (role: Role): RoleRecord => roleRecords.find((record) => record.role === role)!

/** By name or id. */
export function findRole(named: string): RoleRecord | undefined {
  return (
    roleRecords.find(({ name }) => name === named) ?? roleRecords.find(({ id }) => id === leadingId(named))
  )
}

/** @throws Refusal 422 for an id that no role has */
export function rolesById(ids: readonly number[]): Role[] {
  return ids.map((id) => {
    const found = roleRecords.find((record) => record.id === id)
    if (!found) throw unprocessable(`Couldn't find Role with 'id'=${id}`)
    return found.role
  })
}

/** Which permissions a role carries is a condition that each role answers for itself. */
function withPermissions(filter: Filter, { role }: RoleRecord): Filter {
  const held = foremanPermissions(rolePermissions[role])
  return reworded(filter, (leaf) =>
    leaf.field === 'permission' ? (holdsForOne(leaf, held) ? always : never) : null,
  )
}

const read = (row: RoleRecord, field: string): string | number | null => {
  if (field === 'id' || field === 'name' || field === 'description') return row[field]
  return field === 'locked' ? 1 : 0
}

function found(filter: Filter | undefined): readonly RoleRecord[] {
  if (!filter) return roleRecords
  return roleRecords.filter((row) => matches(withPermissions(filter, row), (field) => read(row, field)))
}

export const roleRoutes: readonly Route[] = [
  {
    resource: 'roles',
    action: 'index',
    method: 'GET',
    path: '/roles',
    permission: 'view_roles',
    handle: async (context) =>
      listAnswer(context, 'roles', {
        count: async ({ filter }) => found(filter).length,
        list: ({ filter, ...rest }) => inMemory(found(filter), read).list(rest),
        wire: roleWire,
        search,
        // The list says so without being asked.
        defaultSort: { by: 'name', order: 'ASC' },
      }),
  },
  {
    resource: 'roles',
    action: 'show',
    method: 'GET',
    path: '/roles/:id',
    permission: 'view_roles',
    handle: async (context) => {
      const id = context.segment('id')
      const found = findRole(id)
      if (!found) throw notFound('role', id)
      return showAnswer(context, { ...roleWire(found), filters: [], locations: [], organizations: [] })
    },
  },
]

function roleWire({ id, name, description }: RoleRecord): object {
  return { builtin: 0, cloned_from_id: null, name, id, description, origin: 'foreman' }
}
