import type { Core } from '../../core.ts'
import type { Memory } from '../memory.ts'
import { applicationCredentials } from './application-credentials.ts'
import { openstackDirectory } from './directory.ts'
import { externalIdentities } from './external.ts'
import type { OpenstackIdentity } from './identity.ts'
import type { ProofParts } from './proof.ts'
import { identityTokens } from './tokens.ts'

/** The request that a token comes with. */
export type TokenContext = {
  readonly address: string
  readonly method: string
  /** Without its query. */
  readonly path: string
  /** `X-Service-Token`: a service that passes on what its user asks. */
  readonly serviceToken?: string
}

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
  }
}
