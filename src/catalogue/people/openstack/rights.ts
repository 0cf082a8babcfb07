import type { HeldRole, Role } from '../../roles.ts'
import type { OpenstackIdentity } from './identity.ts'

/** The roles that embedded tokens carry, strongest first; each implies those behind it. */
export const wireRoles = ['admin', 'member', 'reader'] as const
export type WireRole = (typeof wireRoles)[number]

/** What a role of the catalogue is called on OpenStack's wires (one-catalogue.md section 4, rule 4). */
const wireRoleOf: Readonly<Record<Role, WireRole>> = {
  admin: 'admin',
  owner: 'member',
  image_import_admin: 'member',
  image_admin: 'member',
  member: 'member',
  reader: 'reader',
}

export type Rights = Pick<OpenstackIdentity, 'roles' | 'held' | 'superAdmin'>

export const noRights: Rights = { roles: new Set(), held: new Map(), superAdmin: false }
/** Of a token for the whole system, which only an administrator can have. */
export const systemRights: Rights = { roles: new Set(wireRoles), held: new Map(), superAdmin: true }

/** With the implied ones, strongest first. */
export function expanded(roles: Iterable<WireRole>): WireRole[] {
  const strongest = Math.min(...[...roles].map((role) => wireRoles.indexOf(role)))
  return Number.isFinite(strongest) ? wireRoles.slice(strongest) : []
}

/**
 * What a user may do with a token for one project; null: nothing.
 * @param own its roles of the catalogue there
 * @param limit the roles of the wire that an application credential passes on; null: all of them
 */
export function rightsIn(
  projectId: number,
  own: Iterable<Role>,
  superAdmin: boolean,
  limit: readonly WireRole[] | null,
): Rights | null {
  const held = new Set<Role>(own)
  if (superAdmin) held.add('admin')
  const passed = limit === null ? wireRoles : expanded(limit)
  const roles = new Set(
    expanded([...held].map((role) => wireRoleOf[role])).filter((role) => passed.includes(role)),
  )
  if (roles.size === 0) return null
  const kept = [...held].filter((role) => roles.has(wireRoleOf[role]))
  const [strongest] = roles
  // Less than the user has by itself is exactly what the wire's role says.
  const counting: HeldRole[] = kept.some((role) => wireRoleOf[role] === strongest)
    ? kept
    : [...kept, strongest!]
  return { roles, held: new Map([[projectId, new Set(counting)]]), superAdmin: roles.has('admin') }
}
