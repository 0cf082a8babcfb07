import type { Grant } from '../../catalogue/people/grants.ts'
import type { GroupSummary } from '../../catalogue/people/groups/summaries.ts'
import type { ApplicationCredential } from '../../catalogue/people/openstack/credential.ts'
import type { UserDetails } from '../../catalogue/people/user-details.ts'
import { iso, isoOrNull } from './shapes.ts'
import type { WireUser } from './wire.ts'
import type { WireApplicationCredential, WireGrant, WireGroup, WireUserDetails } from './wire-people.ts'

/** From what the catalogue returns to what wire-people.ts promises. */

export function toWireUserDetails(user: WireUser, details: UserDetails): WireUserDetails {
  const { lastLoginAt, ...rest } = details
  return { ...user, ...rest, lastLoginAt: isoOrNull(lastLoginAt) }
}

export function toWireGrant({ project: { name, label }, user, group, role }: Grant): WireGrant {
  return { project: { name, label }, user, group, role }
}

export function toWireGroup(group: GroupSummary): WireGroup {
  return { ...group, createdAt: iso(group.createdAt), updatedAt: iso(group.updatedAt) }
}

/** @param projects names of projects by id */
export function toWireApplicationCredential(
  { id, name, description, projectId, roles, unrestricted, expiresAt }: ApplicationCredential,
  projects: ReadonlyMap<number, string>,
): WireApplicationCredential {
  const project = projects.get(projectId) ?? ''
  return { id, name, description, project, roles, unrestricted, expiresAt: isoOrNull(expiresAt) }
}
