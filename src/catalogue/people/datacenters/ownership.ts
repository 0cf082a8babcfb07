import type { Trx } from '../../core.ts'

/** Kept among a project's settings: its owner has the role `owner` because it was made the owner, not by itself. */
type Kept = { readonly ownerRoleGiven?: boolean }

/**
 * Makes somebody (null: nobody) the owner of a project. The role `owner` comes with it, and leaves the previous owner if
 * it came the same way.
 */
export async function changeOwner(trx: Trx, projectId: number, ownerId: number | null): Promise<void> {
  const { owner_user_id, settings_json } = await trx
    .selectFrom('projects')
    .select(['owner_user_id', 'settings_json'])
    .where('id', '=', projectId)
    .executeTakeFirstOrThrow()
  if (owner_user_id === ownerId) return
  const { ownerRoleGiven = false, ...settings } = JSON.parse(settings_json) as Kept
  if (ownerRoleGiven && owner_user_id !== null)
    await trx
      .deleteFrom('role_assignments')
      .where('user_id', '=', owner_user_id)
      .where('project_id', '=', projectId)
      .where('role', '=', 'owner')
      .execute()
  const given = ownerId !== null && (await giveRole(trx, projectId, ownerId))
  const kept: Kept = { ...settings, ...(given ? { ownerRoleGiven: true } : {}) }
  await trx
    .updateTable('projects')
    .set({ owner_user_id: ownerId, settings_json: JSON.stringify(kept) })
    .where('id', '=', projectId)
    .execute()
}

/** False where the user has the role already. */
async function giveRole(trx: Trx, projectId: number, userId: number): Promise<boolean> {
  const held = await trx
    .selectFrom('role_assignments')
    .select('id')
    .where('user_id', '=', userId)
    .where('project_id', '=', projectId)
    .where('role', '=', 'owner')
    .executeTakeFirst()
  if (held) return false
  await trx
    .insertInto('role_assignments')
    .values({ user_id: userId, group_id: null, project_id: projectId, role: 'owner' })
    .execute()
  return true
}
