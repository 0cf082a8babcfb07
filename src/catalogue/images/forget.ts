import type { Trx } from '../core.ts'

/**
 * The record of a deleted image makes room for one that comes with the same uuid: an import that failed, or an image
 * that was deleted by mistake, can be brought in again. What happened to it stays in the audit log.
 */
export async function forgetDeleted(trx: Trx, uuid: string): Promise<void> {
  await trx.deleteFrom('images').where('uuid', '=', uuid).where('status', '=', 'deleted').execute()
}
