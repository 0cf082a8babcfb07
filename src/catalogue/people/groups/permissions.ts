import type { Role } from '../../roles.ts'

/** What a group of Danube's can carry (danube.md 4.4). Images need the first and the two `image_…` ones; the rest is kept. */
export const groupPermissions = [
  'admin',
  'network_admin',
  'image_admin',
  'image_import_admin',
  'template_admin',
  'iso_admin',
  'user_admin',
  'dns_admin',
  'monitoring_admin',
] as const
export type GroupPermission = (typeof groupPermissions)[number]

export function isGroupPermission(name: unknown): name is GroupPermission {
  return (groupPermissions as readonly unknown[]).includes(name)
}

/** The built-in role that a group with these permissions has in its datacenters, for all other faces. */
export function nearestRole(permissions: readonly GroupPermission[]): Role {
  const has = (permission: GroupPermission) => permissions.includes(permission)
  if (!has('admin')) return 'reader'
  if (!has('image_admin')) return 'owner'
  return has('image_import_admin') ? 'image_import_admin' : 'image_admin'
}

/** The other way round, for groups that were made elsewhere (one-catalogue.md section 4, rule 4). */
export function carriedBy(role: string): readonly GroupPermission[] {
  if (role === 'admin' || role === 'image_import_admin') return ['admin', 'image_admin', 'image_import_admin']
  if (role === 'image_admin') return ['admin', 'image_admin']
  return role === 'owner' ? ['admin'] : []
}

/** In the order of the list, each once. */
export function sorted(permissions: Iterable<GroupPermission>): GroupPermission[] {
  const all = new Set(permissions)
  return groupPermissions.filter((permission) => all.has(permission))
}
