import type { Trx } from '../../core.ts'
import { fold } from '../../fold.ts'
import { absent, blank, isBlank, isTooLong, taken, tooLong, violations } from '../../places/violations.ts'
import type { Role } from '../../roles.ts'
import type { UserRecord } from './record.ts'

/** What a caller may say of a user; a password is only ever written. */
export type UserFacts = {
  readonly login: string | null
  readonly firstName: string | null
  readonly lastName: string | null
  readonly email: string | null
  readonly description: string | null
  readonly superAdmin: boolean
  readonly enabled: boolean
  readonly locale: string | null
  readonly timezone: string | null
  readonly mailEnabled: boolean
  readonly defaultProjectId: number | null
  readonly defaultLocationId: number | null
}
export type UserPatch = Partial<
  UserFacts & {
    readonly password: string | null
    /** Where passwords are checked: there is only `internalSource`. */
    readonly authSourceId: number | null
    readonly roles: readonly Role[]
    readonly organizationIds: readonly number[]
    readonly locationIds: readonly number[]
  }
>

/** The one authentication source, which foreman.md 9.5 calls `Internal`. */
export const internalSource = 1

/** @throws Failure `invalid` with `fields`, all violations at once. */
export async function demandUser(
  trx: Trx,
  facts: UserFacts,
  patch: UserPatch,
  before: UserRecord | null,
): Promise<void> {
  const { complain, demandNone } = violations()
  if (isBlank(facts.login)) complain('login', blank)
  else if (/[\s\0]/.test(facts.login!) && facts.login !== before?.login) complain('login', 'is invalid')
  for (const [attribute, value] of [
    ['login', facts.login],
    ['firstname', facts.firstName],
    ['lastname', facts.lastName],
    ['mail', facts.email],
  ] as const)
    if (isTooLong(value)) complain(attribute, tooLong)
  const twin = await trx
    .selectFrom('users')
    .select('id')
    .where('username_fold', '=', fold(facts.login ?? ''))
    .where('id', '<>', before?.id ?? 0)
    .executeTakeFirst()
  if (twin) complain('login', taken)
  if (!before || facts.email !== before.email) {
    if (isBlank(facts.email)) complain('mail', blank)
    else if (!/^[^\s@]+@[^\s@]+$/.test(facts.email!)) complain('mail', 'is invalid')
  }
  const source = patch.authSourceId
  if (source === null || (source === undefined && !before)) complain('auth_source_id', blank)
  else if (source !== undefined && source !== internalSource) complain('auth_source_id', absent)
  if ((!before || patch.password !== undefined) && isBlank(patch.password)) complain('password', blank)
  for (const [attribute, table, id, old] of [
    ['default_organization_id', 'projects', facts.defaultProjectId, before?.defaultProjectId],
    ['default_location_id', 'locations', facts.defaultLocationId, before?.defaultLocationId],
  ] as const) {
    if (id === null || id === old) continue
    const found = Number.isSafeInteger(id)
      ? await trx.selectFrom(table).select('id').where('id', '=', id).executeTakeFirst()
      : undefined
    if (!found) complain(attribute, absent)
  }
  demandNone('user', before?.id)
}
