import type { Trx } from '../core.ts'
import { Failure } from '../failure.ts'

/**
 * The record of a deleted image makes room for one that comes with the same uuid: an import that failed, or an image
 * that was deleted by mistake, can be brought in again. What happened to it stays in the audit log. Work on the deleted
 * image that has not let go yet would put right the new one, which it knows by the same uuid.
 * @throws Failure `state` (reason `pending`)
 */
export async function forgetDeleted(trx: Trx, uuid: string): Promise<void> {
  const gone = await trx
    .selectFrom('images')
    .select('seq')
    .where('uuid', '=', uuid)
    .where('status', '=', 'deleted')
    .executeTakeFirst()
  if (!gone) return
  const working = await trx
    .selectFrom('tasks')
    .select('id')
    .where('state', 'in', ['pending', 'running'])
    .where('image_uuid', '=', uuid)
    // Its work is done with the deletion.
    .where('kind', '<>', 'delete-image')
    .limit(1)
    .executeTakeFirst()
  if (working)
    throw new Failure('state', 'Image status is not OK', { subject: 'image', id: uuid, reason: 'pending' })
  await trx.deleteFrom('images').where('uuid', '=', uuid).where('status', '=', 'deleted').execute()
}
