import type { Actor } from '../../catalogue/actor.ts'
import type { Account } from '../../catalogue/people/users.ts'

export function toActor(account: Account, requestId: string): Actor {
  const { defaultProjectId, roles, superAdmin } = account
  const ownDefault = defaultProjectId !== null && (superAdmin || roles.has(defaultProjectId))
  return {
    userId: account.id,
    username: account.username,
    superAdmin,
    // A default project without a role there would only lead to refusals.
    projectId: ownDefault ? defaultProjectId : (roles.keys().next().value ?? null),
    roles,
    face: 'console',
    requestId,
  }
}
