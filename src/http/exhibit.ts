import type { Actor } from '../catalogue/actor.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Image } from '../catalogue/images/image.ts'
import type { Account } from '../catalogue/people/users.ts'

/**
 * An exhibit is an image as one system sees it: the request that its clients send, the very JSON that its face answers, and
 * commands to copy. A face makes it with the functions that word its answers, so that the two cannot differ.
 */
export type Exhibit = { readonly system: System } & (Shown | { readonly shown: false; readonly why: Absence })

export const systems = ['foreman', 'onecloudplanet', 'openstack', 'danube', 'imgapi'] as const
export type System = (typeof systems)[number]

export type Shown = {
  readonly shown: true
  readonly request: { readonly method: 'GET'; readonly path: string }
  /** Body of the answer. What differs from request to request (Danube's task ids) is that of this one. */
  readonly body: object
  readonly secret: Secret
  /** Shell text that asks for the secret and keeps it for the commands; empty where they need none. */
  readonly prepare: string
  readonly commands: readonly Command[]
}

/** What somebody has to have to run the commands. `openrc`: the environment of a Keystone that is not ours. */
export type Secret = 'none' | 'password' | 'token' | 'ssh-key' | 'openrc'

export type Command = {
  readonly purpose: 'show' | 'download' | 'use'
  /** The program that has to be there besides a shell. */
  readonly tool: 'curl' | 'openstack' | 'glance' | 'hammer' | 'ansible' | 'es' | 'imgadm'
  readonly text: string
}

/** Why a system does not show an image to somebody who sees it in the console. */
export type Absence =
  /** Whoever asks has no account, and nobody else's is meant. */
  | 'account'
  /** The account may not use this API at all. */
  | 'api-access'
  /** No project of the account is one through which this system would show it. */
  | 'project'
  /** The roles of the account do not go so far there. */
  | 'permission'
  | 'switched-off'
  /** Shown as soon as the bytes have arrived. */
  | 'no-bytes'
  | 'failed'
  /** Taken off the compute resources. */
  | 'unregistered'

export type Question = {
  /** Who is signed in. */
  readonly actor: Actor
  /** An image that this actor sees. */
  readonly image: Image
  /** Where this server is reached. */
  readonly origin: string
}

export async function accountOf(catalogue: Catalogue, { userId }: Actor): Promise<Account | null> {
  return userId === null ? null : ((await catalogue.users.byId(userId)) ?? null)
}

/** Where an account works, likeliest first: the image's own project, the usual one, then the others. */
export function projectsFor(account: Account, { ownerId }: Image, usual: readonly number[] = []): number[] {
  const own = [...account.roles.keys()].sort((a, b) => a - b)
  const wanted = [ownerId, account.defaultProjectId, ...usual].filter((id) => id !== null)
  const may = (id: number) => account.superAdmin || account.roles.has(id)
  return [...new Set([...wanted.filter(may), ...own])]
}

/**
 * A word of a shell command. Control characters and invisible ones are left out: a terminal into which they are pasted
 * may act on them before the shell sees that they are quoted.
 */
export function shellWord(text: string): string {
  const visible = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
  return /^[\w@%+=:,./-]+$/.test(visible) ? visible : `'${visible.replaceAll("'", `'\\''`)}'`
}

/** Under which name a command saves the bytes; of the handle, which has only plain characters. */
export function savedName({ handle, diskFormat }: Image): string {
  const ending = diskFormat === null ? '' : `.${diskFormat}`
  return shellWord(handle.endsWith(ending) ? handle : `${handle}${ending}`)
}

/** Shell text that asks for a secret without showing it. */
export function askFor(variable: string, what: string): string {
  return `printf '${what}: ' >&2 && read -rs ${variable} && echo >&2 && export ${variable}`
}

/** Stands in JSON where the value of a shell variable will; no name can hold a NUL character. */
export const secretPlace = '\0'

/**
 * Shell text that prints JSON with a secret in it. The secret goes through pipes alone: what programs are called with,
 * everybody on the machine sees.
 */
export function jsonWithSecret(value: object, variable: string): string {
  const [before = '', after = ''] = JSON.stringify(value).split(JSON.stringify(secretPlace).slice(1, -1))
  return String.raw`printf %s ${shellWord(before)} "$(printf %s "$${variable}" | sed 's/[\\"]/\\&/g')" ${shellWord(after)}`
}
