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
export type Permission = (typeof permissions)[number]

/** Built-in roles, strongest first. A role is a set of permissions in a project; `admin` is one everywhere. */
export const roleNames = ['admin', 'owner', 'image_import_admin', 'image_admin', 'member', 'reader'] as const
export type Role = (typeof roleNames)[number]

const reading: Permission[] = ['image.list', 'image.view']
const working: Permission[] = [
  ...reading,
  'image.create',
  'image.update',
  'image.delete',
  'image.download',
  'image.deactivate',
  'image.share',
]

export const rolePermissions: Readonly<Record<Role, ReadonlySet<Permission>>> = {
  admin: new Set(permissions),
  owner: new Set([...working, 'image.import']),
  image_import_admin: new Set([...working, 'image.import']),
  image_admin: new Set(working),
  // A Keystone member imports into its own project; Danube, which separates the two, knows no such role.
  member: new Set([...working, 'image.import']),
  reader: new Set(reading),
}

export function isRole(name: string): name is Role {
  return (roleNames as readonly string[]).includes(name)
}
