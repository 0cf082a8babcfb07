import type { KeystoneToken } from '../../../keystone/token.ts'
import type { Core, Keystone } from '../../core.ts'
import type { Memory } from '../memory.ts'
import { isAllowed } from './access-rules.ts'
import { type Admitted, admission } from './admission.ts'
import type { OpenstackIdentity, TokenContext } from './identity.ts'
import { expanded, noRights, type Rights, type WireRole } from './rights.ts'
import { unauthenticated } from './token.ts'

type Kept = WeakMap<KeystoneToken, OpenstackIdentity>

/** Who tokens of an external Keystone speak for (glance.md section 26). */
export function externalIdentities(core: Core, keystone: Keystone, memory: Memory) {
  const admit = admission(core)
  const known = memory.recall<Admitted>()
  const kept = { own: new WeakMap() as Kept, passedOn: new WeakMap() as Kept }

  /** @throws Failure `unauthenticated` for a service token that is not valid; one without the role does not count */
  async function isService(serviceToken: string): Promise<boolean> {
    const { roles } = await keystone.validate(serviceToken)
    return roles.some((role) => role.toLowerCase() === 'service')
  }

  return {
    /**
     * The same object as long as Keystone is not asked again.
     * @throws Failure `unauthenticated`, `unavailable` (reason `identity`)
     */
    async identityOf(text: string, { method, path, serviceToken }: TokenContext): Promise<OpenstackIdentity> {
      const passedOn = serviceToken !== undefined && (await isService(serviceToken))
      const token = await keystone.validate(text, { allowExpired: passedOn })
      // What a service does for its user was allowed where the user asked for it.
      if (token.accessRules && !passedOn && !isAllowed(token.accessRules, { method, path }))
        throw unauthenticated('scope')
      const admitted = await known(keyOf(token), () => admit(token))
      if (!admitted.enabled) throw unauthenticated('disabled')

      const identities = passedOn ? kept.passedOn : kept.own
      const before = identities.get(token)
      if (before && before.userId === admitted.userId && before.projectId === admitted.projectId)
        return before
      const identity = toIdentity(token, admitted, passedOn)
      identities.set(token, identity)
      return identity
    },
  }
}

/** What of a token decides about the records that belong to it. */
function keyOf({ user, project }: KeystoneToken): string {
  return JSON.stringify([user.id, user.name, project?.id, project?.name])
}

function toIdentity(token: KeystoneToken, admitted: Admitted, passedOn: boolean): OpenstackIdentity {
  const rights = rightsOf(token, admitted.projectId)
  return {
    userId: admitted.userId,
    projectId: admitted.projectId,
    // By the name that it has here, which the audit log tells from that of others.
    user: { id: token.user.id, name: admitted.username },
    project: token.project && { id: token.project.id, name: token.project.name },
    ...rights,
    roles: passedOn ? new Set([...rights.roles, 'service']) : rights.roles,
    services: token.services,
    expiresAt: token.expiresAt,
  }
}

/** What Keystone's usual roles are here; others say nothing. */
const wireRoleOf: ReadonlyMap<string, WireRole> = new Map([
  ['admin', 'admin'],
  ['manager', 'member'],
  ['member', 'member'],
  ['reader', 'reader'],
])

/** Roles in a domain are none here: images belong to projects (glance.md section 22). */
function rightsOf({ scope, roles: named }: KeystoneToken, projectId: number | null): Rights {
  if (scope !== 'project' && scope !== 'system') return noRights
  const said = new Set(named.map((role) => role.toLowerCase()))
  const usual = [...said].flatMap((role) => wireRoleOf.get(role) ?? [])
  return {
    // Keystone leaves out what is implied in tokens of application credentials.
    roles: new Set([...said, ...expanded(usual)]),
    held: projectId === null || usual.length === 0 ? new Map() : new Map([[projectId, new Set(usual)]]),
    superAdmin: said.has('admin'),
  }
}
