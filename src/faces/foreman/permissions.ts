import { permittedAnywhere } from '../../catalogue/access.ts'
import type { Actor } from '../../catalogue/actor.ts'
import type { Permission } from '../../catalogue/roles.ts'
import { denied } from './failures.ts'

type Entry = { readonly resourceType: string; readonly canonical: Permission }

function family(
  plural: string,
  resourceType: string,
  view: Permission,
  write: Permission = 'manage-directory',
  edit: Permission = write,
): Readonly<Record<string, Entry>> {
  return {
    [`view_${plural}`]: { resourceType, canonical: view },
    [`create_${plural}`]: { resourceType, canonical: write },
    [`edit_${plural}`]: { resourceType, canonical: edit },
    [`destroy_${plural}`]: { resourceType, canonical: write },
  }
}

/**
 * Foreman's permissions, in the order in which they are listed, and what of the catalogue's each of them is
 * (foreman.md section 12, one-catalogue.md section 4, rule 4).
 */
const table: Readonly<Record<string, Entry>> = {
  view_images: { resourceType: 'Image', canonical: 'registration.view' },
  create_images: { resourceType: 'Image', canonical: 'registration.create' },
  edit_images: { resourceType: 'Image', canonical: 'registration.update' },
  destroy_images: { resourceType: 'Image', canonical: 'registration.delete' },
  ...family(
    'compute_resources',
    'ComputeResource',
    'compute-resource.view',
    'manage-directory',
    'compute-resource.update',
  ),
  ...family('operatingsystems', 'Operatingsystem', 'place.view'),
  ...family('architectures', 'Architecture', 'place.view'),
  assign_organizations: { resourceType: 'Organization', canonical: 'manage-directory' },
  ...family('organizations', 'Organization', 'place.view'),
  assign_locations: { resourceType: 'Location', canonical: 'manage-directory' },
  ...family('locations', 'Location', 'place.view'),
  ...family('users', 'User', 'place.view'),
  view_roles: { resourceType: 'Role', canonical: 'place.view' },
  view_authenticators: { resourceType: 'AuthSource', canonical: 'place.view' },
  view_settings: { resourceType: 'Setting', canonical: 'place.view' },
  edit_settings: { resourceType: 'Setting', canonical: 'manage-directory' },
}

export type ForemanPermission = string

export type PermissionRecord = { readonly id: number; readonly name: string; readonly resourceType: string }

export const permissionRecords: readonly PermissionRecord[] = Object.entries(table).map(
  ([name, { resourceType }], index) => ({ id: index + 1, name, resourceType }),
)

/** Does a role of the actor carry it, wherever? What exactly it may be used on, the operation decides. */
export function holds(actor: Actor, permission: ForemanPermission): boolean {
  const { canonical } = table[permission]!
  return canonical === 'manage-directory' ? actor.superAdmin : permittedAnywhere(actor, canonical)
}

/** @throws Refusal 403 */
export function demandForemanPermission(actor: Actor, permission: ForemanPermission): void {
  if (!holds(actor, permission)) throw denied([permission])
}

/** The names of what such a set of the catalogue's permissions allows. */
export function foremanPermissions(canonical: ReadonlySet<Permission>): string[] {
  return Object.keys(table).filter((name) => canonical.has(table[name]!.canonical))
}
