import type { Trx } from '../../core.ts'

/** Lets go of a project that is about to be deleted, where the database does not do so by itself. */
export async function releaseProject(trx: Trx, id: number): Promise<void> {
  // Records of deleted images stay, without their owner; nothing else of them changes.
  await trx
    .updateTable('images')
    .set({ owner_id: null })
    .where('owner_id', '=', id)
    .where('deleted', '=', 1)
    .execute()
  await trx
    .updateTable('users')
    .set({ default_project_id: null })
    .where('default_project_id', '=', id)
    .execute()
  await trx.updateTable('groups').set({ bound_project_id: null }).where('bound_project_id', '=', id).execute()
}
