import type { Query } from '../core.ts'

/**
 * The images that unfinished tasks work on: they are pending (danube.md 1.2). There are few such tasks, however many
 * images there are: they are read, and not the images looked up.
 * @param uuids only these matter
 */
export async function imagesBeingWorkedOn(
  query: Query,
  uuids?: readonly string[],
): Promise<ReadonlySet<string>> {
  let found = query
    .selectFrom('tasks')
    .select('image_uuid')
    .where('state', 'in', ['pending', 'running'])
    .where('image_uuid', 'is not', null)
  if (uuids && uuids.length <= 100) found = found.where('image_uuid', 'in', [...uuids, ''])
  return new Set((await found.execute()).map((row) => row.image_uuid!))
}
