/** Roles that are given in a project, strongest first. `admin` is none of them: OpenStack takes whoever has it anywhere for an administrator. */
export const grantedRoles = ['owner', 'image_import_admin', 'image_admin', 'member', 'reader'] as const
