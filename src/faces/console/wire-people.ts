/** Beside the users, tokens and projects of wire.ts: what the web console shows of them, groups, and who has which role. */
import type { WireRole, WireUser } from './wire.ts'

/** `GET users/NAME`. Of secrets only that they are there. */
export type WireUserDetails = WireUser & {
  /** Names of the groups it is in. */
  readonly groups: readonly string[]
  readonly lastLoginAt: string | null
  /** Known from an external Keystone, which checks its password. */
  readonly external: boolean
  readonly password: boolean
  readonly apiKey: boolean
  readonly callbackKey: boolean
  readonly sshKeys: number
}

/** `GET me`: what the caller is told of itself, and how its programs come in. */
export type WireMe = WireUserDetails & { readonly ways: readonly WireWay[] }

/** How a program comes in through one of the systems. */
export type WireWay = {
  /** `imageport` is the command line; the others as in `wire-image.ts`. */
  readonly system: string
  /** What it needs: `token`, `password`, or `openrc`, the environment of a Keystone that is not ours. */
  readonly secret: string
  /** A file that has to be there. */
  readonly file: { readonly name: string; readonly text: string } | null
  /** Shell text; it asks for the secret. */
  readonly command: string
}

/** Body of `PUT me/password`. All sessions end. */
export type WirePasswordChange = { readonly old: string; readonly password: string }

/** A role in a project, held by a user or by a group; the other one is null. */
export type WireGrant = {
  readonly project: { readonly name: string; readonly label: string }
  readonly user: string | null
  readonly group: string | null
  readonly role: string
}

/** `GET grants?user=`, `?group=` or `?project=`. Those of a user come also through its groups. */
export type WireGrantList = { readonly grants: readonly WireGrant[]; readonly total: number }

export type WireGroup = {
  readonly id: number
  readonly name: string
  readonly label: string
  /** How many. */
  readonly users: number
  readonly roles: number
  readonly createdAt: string
  readonly updatedAt: string
}

export type WireGroupList = { readonly groups: readonly WireGroup[]; readonly total: number }

/** Body of `PATCH groups/NAME`; `POST groups` has `name` besides. Users by name. */
export type WireGroupChange = {
  readonly label?: string
  readonly addUsers?: readonly string[]
  readonly removeUsers?: readonly string[]
  readonly grant?: readonly WireRole[]
  readonly revoke?: readonly WireRole[]
}

/** What a program was given to be somebody in OpenStack's clients. */
export type WireApplicationCredential = {
  readonly id: string
  readonly name: string
  readonly description: string
  /** Name of the project it is for. */
  readonly project: string
  readonly roles: readonly string[]
  readonly unrestricted: boolean
  readonly expiresAt: string | null
}

export type WireApplicationCredentialList = {
  readonly applicationCredentials: readonly WireApplicationCredential[]
}
