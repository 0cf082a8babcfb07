import { Failure } from '../../failure.ts'
import type { IdentityToken } from './token.ts'

/** Somebody with a token, who asks something of Identity itself. */
export type Caller = { readonly token: IdentityToken; readonly requestId: string }

/** @throws Failure `forbidden` unless the caller is an administrator */
export function demandAdmin({ token: { identity } }: Caller): void {
  if (!identity.superAdmin)
    throw new Failure('forbidden', 'Only an administrator may do this.', { reason: 'role' })
}

/**
 * @param user id on the wire; one that is nobody's is refused like another's
 * @throws Failure `forbidden` unless it is the caller's own, or the caller is an administrator
 */
export function demandSelf(caller: Caller, user: string): void {
  if (caller.token.identity.user.id !== user) demandAdmin(caller)
}
