import { demandPermission } from '../../access.ts'
import type { Actor } from '../../actor.ts'
import type { Query, Trx } from '../../core.ts'
import { Failure } from '../../failure.ts'
import type { DanubeUser } from './user.ts'

/** What a caller may say of a user; a password is only ever written. */
export type DanubeUserFacts = {
  readonly email: string
  readonly firstName: string
  readonly lastName: string
  readonly superAdmin: boolean
  readonly enabled: boolean
  readonly apiAccess: boolean
  /** By name. */
  readonly groups: readonly string[]
  readonly boundProjectId: number | null
  /** By name. */
  readonly currentDatacenter: string
}
export type DanubeUserDraft = DanubeUserFacts & { readonly password: string }
export type DanubeUserPatch = Partial<DanubeUserDraft>

/** What users cannot change of themselves, with its name on the wire. */
const administratorsOnly = {
  superAdmin: 'is_super_admin',
  enabled: 'is_active',
  apiAccess: 'api_access',
  groups: 'groups',
  boundProjectId: 'dc_bound',
} as const satisfies Partial<Record<keyof DanubeUserPatch, string>>

/**
 * Administrators see and change everybody, everybody else himself. Who is somebody else is not told, not even whether
 * there is such a user.
 * @throws Failure `forbidden` (reason `permission`)
 */
export function demandSelf(actor: Actor, userId: number | undefined): void {
  if (userId === undefined || userId !== actor.userId) demandPermission(actor, 'manage-directory')
}

/** @throws Failure `invalid` with `fields` */
export function demandOwnAffairs(actor: Actor, user: DanubeUser, patch: DanubeUserPatch): void {
  const refuse = (fields: Record<string, string[]>) =>
    new Failure('invalid', 'This user cannot be changed so.', { subject: 'user', id: user.username, fields })
  if (!actor.superAdmin) {
    const fields: Record<string, string[]> = {}
    for (const [key, field] of Object.entries(administratorsOnly)) {
      const wanted = patch[key as keyof typeof administratorsOnly]
      const changes =
        wanted !== undefined &&
        JSON.stringify(wanted) !== JSON.stringify(user[key as keyof typeof administratorsOnly])
      if (changes) fields[field] = ["You don't have permission to modify this attribute."]
    }
    if (Object.keys(fields).length > 0) throw refuse(fields)
  }
  if (user.id === actor.userId && patch.enabled === false)
    throw refuse({ is_active: ['You cannot disable yourself.'] })
}

/** How many of each kind a refusal names. */
const namedAtMost = 100

/**
 * What hangs on a user: kind → names. Images count by who made them.
 * @throws Failure `conflict` (reason `relations`, `fields` the relations)
 */
export async function demandUnrelated(query: Query, { id, username }: DanubeUser): Promise<void> {
  const datacenters = await query
    .selectFrom('projects')
    .select('name')
    .where('owner_user_id', '=', id)
    .orderBy('name')
    .limit(namedAtMost)
    .execute()
  const images = await query
    .selectFrom('images')
    .select('handle as name')
    .where('creator_id', '=', id)
    .where('deleted', '=', 0)
    .orderBy('handle')
    .limit(namedAtMost)
    .execute()
  const instances = await query
    .selectFrom('instances')
    .select('hostname as name')
    .where('owner_user_id', '=', id)
    .orderBy('hostname')
    .limit(namedAtMost)
    .execute()
  const fields = Object.fromEntries(
    Object.entries({ Datacenter: datacenters, Image: images, VM: instances })
      .filter(([, rows]) => rows.length > 0)
      .map(([kind, rows]) => [kind, rows.map((row) => row.name)]),
  )
  if (Object.keys(fields).length === 0) return
  throw new Failure('conflict', 'Cannot delete user, because he has relations to some objects.', {
    subject: 'user',
    id: username,
    reason: 'relations',
    fields,
  })
}

/** Groups by name. @throws Failure `invalid` (field `groups`) */
export async function groupIds(trx: Trx, names: readonly string[]): Promise<number[]> {
  const ids = new Set<number>()
  for (const name of names) {
    const group = await trx.selectFrom('groups').select('id').where('name', '=', name).executeTakeFirst()
    if (!group)
      throw new Failure('invalid', `There is no group "${name}".`, {
        subject: 'user',
        fields: { groups: [`Object with name=${name} does not exist.`] },
      })
    ids.add(group.id)
  }
  return [...ids]
}
