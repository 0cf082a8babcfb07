import { padded } from '../../database/padded.ts'
import type { Guarded } from '../access.ts'
import type { Query } from '../core.ts'
import type { Visibility } from './image.ts'

/** What decides about access to an image, and what it is called. */
export type GuardedImage = {
  readonly image: Guarded & { readonly name: string; readonly handle: string; readonly isDeleted: boolean }
  /** The projects it is shared with, in any member state; they count while its visibility is `shared`. */
  readonly members: ReadonlySet<number>
}

/** Many images at once, for those who must ask about each whether somebody sees it. By uuid; deleted ones, too. */
export async function guardedImages(
  query: Query,
  uuids: readonly string[],
): Promise<ReadonlyMap<string, GuardedImage>> {
  if (uuids.length === 0) return new Map()
  const images = await query
    .selectFrom('images')
    .select(['seq', 'uuid', 'name', 'handle', 'owner_id', 'visibility', 'bound', 'deleted'])
    .where('uuid', 'in', padded(uuids))
    .execute()
  const seqs = images.map(({ seq }) => seq)
  const members = await query
    .selectFrom('image_members')
    .select(['image_seq', 'project_id'])
    .where('image_seq', 'in', padded(seqs.length === 0 ? [0] : seqs))
    .execute()
  const bySeq = Map.groupBy(members, ({ image_seq }) => image_seq)
  return new Map(
    images.map(({ seq, uuid, name, handle, owner_id, visibility, bound, deleted }) => [
      uuid,
      {
        image: {
          uuid,
          name,
          handle,
          ownerId: owner_id,
          visibility: visibility as Visibility,
          bound: bound === 1,
          isDeleted: deleted === 1,
        },
        members: new Set(bySeq.get(seq)?.map(({ project_id }) => project_id)),
      },
    ]),
  )
}
