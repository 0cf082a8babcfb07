import type { Trx } from '../core.ts'

/**
 * Images that were shared with a project while the catalogue did not know it are shared with its record from now on, with
 * status and dates as they are.
 * @param memberId the project's id on OpenStack's wires
 * @returns how many images
 */
export async function adoptStrangers(trx: Trx, memberId: string, projectId: number): Promise<number> {
  const columns = ['image_seq', 'project_id', 'status', 'created_at', 'updated_at'] as const
  await trx
    .insertInto('image_members')
    .columns(columns)
    .expression((query) =>
      query
        .selectFrom('image_strangers')
        .select((select) => [
          'image_seq',
          select.val(projectId).as('project_id'),
          'status',
          'created_at',
          'updated_at',
        ])
        .where('member_id', '=', memberId),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const { numDeletedRows } = await trx
    .deleteFrom('image_strangers')
    .where('member_id', '=', memberId)
    .executeTakeFirst()
  return Number(numDeletedRows)
}
