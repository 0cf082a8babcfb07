import type { Instant } from '../../../database/schema.ts'
import type { Actor, Face } from '../../actor.ts'
import type { HeldRole } from '../../roles.ts'

/** Somebody or something in the words of OpenStack: the opaque id of its wire, and a name. */
export type Named = { readonly id: string; readonly name: string }

/**
 * Who a token speaks for, whoever issued it: the embedded Identity or an external Keystone (glance.md sections 25, 26).
 * The same object as long as nothing is known to have changed, so that answers can be kept for it.
 */
export type OpenstackIdentity = {
  /** Of the catalogue. */
  readonly userId: number
  /** Of the catalogue; null: the token has no project, and may hardly do anything. */
  readonly projectId: number | null
  readonly user: Named
  readonly project: Named | null
  /** Names of the wire in lower case, implied ones included: `admin`, `member`, `reader`, `service`. */
  readonly roles: ReadonlySet<string>
  /** What they are here: in the project of the token and nowhere else. */
  readonly held: ReadonlyMap<number, ReadonlySet<HeldRole>>
  /** One with the role `admin`, in whatever project (glance.md section 22). */
  readonly superAdmin: boolean
  /** Services of the token's catalogue, as its issuer wrote them; null where they are not known. */
  readonly services: readonly Service[] | null
  readonly expiresAt: Instant
}

/** The request that a token comes with. */
export type TokenContext = {
  readonly address: string
  readonly method: string
  /** Without its query. */
  readonly path: string
  /** `X-Service-Token`: a service that passes on what its user asks. */
  readonly serviceToken?: string
}

export type Service = {
  readonly id: string
  readonly type: string
  readonly name: string
  readonly endpoints: readonly Endpoint[]
}

export type Endpoint = {
  readonly id: string
  readonly interface: string
  readonly region: string
  readonly url: string
}

export function actorOf(identity: OpenstackIdentity, face: Face, requestId: string): Actor {
  return {
    userId: identity.userId,
    username: identity.user.name,
    superAdmin: identity.superAdmin,
    projectId: identity.projectId,
    roles: identity.held,
    face,
    requestId,
  }
}

/** The id of a project or user on OpenStack's wires: Keystone's own where it came from there, else the uuid's 32 digits. */
export function openstackId(row: { readonly uuid: string; readonly keystone_id: string | null }): string {
  return row.keystone_id ?? row.uuid.replaceAll('-', '')
}

/** The uuid that such an id would be; null for one that can only be Keystone's. */
export function uuidOfId(id: string): string | null {
  const match = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/.exec(id)
  return match ? match.slice(1).join('-') : null
}
