/** What one may do with images (one-catalogue.md section 4, rule 4). */
export const permissions = [
  'image.list',
  'image.view',
  'image.create',
  'image.import',
  'image.update',
  'image.delete',
  'image.download',
  'image.deactivate',
  'image.share',
  'image.publicise',
  'manage-directory',
] as const

/**
 * What one may do with the places where images are used (foreman.md section 12). A role carries them in its project,
 * and so for what is assigned to that project. Everything else that is written about places needs `manage-directory`.
 */
export const placePermissions = [
  'registration.view',
  'registration.create',
  'registration.update',
  'registration.delete',
  'compute-resource.view',
  // Adding images to it and taking them away: what Foreman asks of the parent record, without the right to change it.
  'compute-resource.register',
  'compute-resource.update',
  // Operating systems, architectures, organizations, locations.
  'place.view',
  // Instances, their disks and snapshots; without the second one sees and images only what is one's own.
  'instance.view',
  'instance.manage',
] as const
export type PlacePermission = (typeof placePermissions)[number]
export type Permission = (typeof permissions)[number] | PlacePermission

/** Built-in roles, strongest first. A role is a set of permissions in a project; `admin` is one everywhere. */
export const roleNames = ['admin', 'owner', 'image_import_admin', 'image_admin', 'member', 'reader'] as const
export type Role = (typeof roleNames)[number]

/**
 * What Danube's groups carry in a datacenter, and its owner (one-catalogue.md section 4, rule 4). Roles of that wire
 * alone: its face makes them of the built-in ones and of what is said of its groups; they are assigned to nobody.
 */
export const datacenterRoles = [
  'datacenter admin',
  'datacenter image_admin',
  'datacenter image_import_admin',
] as const
export type DatacenterRole = (typeof datacenterRoles)[number]
export type HeldRole = Role | DatacenterRole

const reading: Permission[] = [
  'image.list',
  'image.view',
  'registration.view',
  'compute-resource.view',
  'place.view',
  'instance.view',
]
const working: Permission[] = [
  ...reading,
  'image.create',
  'image.update',
  'image.delete',
  'image.download',
  'image.deactivate',
  'image.share',
  'registration.create',
  'registration.update',
  'registration.delete',
  'compute-resource.register',
]
/** Foreman's Manager, as far as images and compute resources go. */
const managing: Permission[] = [...working, 'compute-resource.update', 'instance.manage']

export const rolePermissions: Readonly<Record<HeldRole, ReadonlySet<Permission>>> = {
  admin: new Set([...permissions, ...placePermissions]),
  owner: new Set([...managing, 'image.import']),
  image_import_admin: new Set([...managing, 'image.import']),
  image_admin: new Set(managing),
  // A Keystone member imports into its own project; Danube, which separates the two, knows no such role.
  member: new Set([...working, 'image.import']),
  reader: new Set(reading),
  'datacenter admin': new Set([...reading, 'instance.manage']),
  // Whoever manages the images of a datacenter may give them to everybody (danube.md 1.3, `access`).
  'datacenter image_admin': new Set([
    ...reading,
    'image.create',
    'image.update',
    'image.delete',
    'image.download',
    'image.deactivate',
    'image.share',
    'image.publicise',
  ]),
  'datacenter image_import_admin': new Set(['image.import']),
}

export function isRole(name: string): name is Role {
  return (roleNames as readonly string[]).includes(name)
}
