import { isUniqueViolation } from '../../../database/dialect.ts'
import { demandDirectory } from '../../access.ts'
import type { Actor } from '../../actor.ts'
import type { Core } from '../../core.ts'
import type { Memory } from '../memory.ts'
import { admitProject } from './admitted-project.ts'
import { applicationCredentials } from './application-credentials.ts'
import { openstackDirectory } from './directory.ts'
import { externalIdentities } from './external.ts'
import { type OpenstackIdentity, type TokenContext, uuidOfId } from './identity.ts'
import { findProject } from './lookups.ts'
import type { ProofParts } from './proof.ts'
import { identityTokens } from './tokens.ts'

/** OpenStack's Identity: who tokens speak for, and everything about tokens of our own (glance.md section 25). */
export function openstack(core: Core, memory: Memory, byPassword: ProofParts['byPassword']) {
  const tokens = identityTokens(core, memory, byPassword)
  const external = core.keystone && externalIdentities(core, core.keystone, memory)
  return {
    ...tokens,
    applicationCredentials: applicationCredentials(core, memory),
    directory: openstackDirectory(core),

    /**
     * Who a token speaks for, whoever issued it; the same object as long as nothing is known to have changed.
     * @throws Failure `unauthenticated`; `unavailable` (reason `identity`) when an external Keystone cannot be asked
     */
    async identityOf(token: string, context: TokenContext): Promise<OpenstackIdentity> {
      if (external) return external.identityOf(token, context)
      return (await tokens.tokenOf(token)).identity
    },

    /**
     * The project that an administrator gives an image to, who may give it to any (glance.md section 22). One that was
     * never here gets its record now: projects of an external Keystone become known by their tokens only, and the
     * embedded Identity does not know better either, as long as it is an id and no name.
     * @returns null for what can be no project
     * @throws Failure `forbidden`
     */
    async ownerOf(actor: Actor, id: string): Promise<number | null> {
      demandDirectory(actor)
      const known = await findProject(core.database.db, { id })
      if (known) return known.id
      if (!core.keystone && uuidOfId(id) === null) return null
      const project = { id, name: id, domain: nowhere }
      await core.database
        .transaction((trx) => admitProject(trx, project))
        .catch((error) => {
          // Somebody else made the same one at this moment.
          if (!isUniqueViolation(error)) throw error
        })
      memory.forget()
      return (await findProject(core.database.db, { id }))!.id
    },
  }
}

/** The domain of a project that nobody has come from yet. */
const nowhere = { id: '', name: 'unknown' }
