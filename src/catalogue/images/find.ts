import { prepared } from '../../database/prepared.ts'
import type { Query } from '../core.ts'
import type { Image } from './image.ts'
import { selectImages } from './list.ts'
import { type SelectedImage, toImage } from './row.ts'

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Any spelling of a uuid becomes the stored one; null for what is none, which is then simply not found. */
export function normaliseUuid(text: string): string | null {
  const lower = text.toLowerCase()
  return uuidPattern.test(lower) ? lower : null
}

/** One image, joined with its names; undefined when there is no such record. */
export async function findImage(query: Query, uuid: string): Promise<Image | undefined> {
  const normal = normaliseUuid(uuid)
  if (normal === null) return undefined
  const [row] = await byUuid(query, { uuid: normal })
  return row && toImage(row as SelectedImage)
}

/** By its Danube name. What failed is gone for those who go by names, and its own is free. */
export async function findByHandle(query: Query, handle: string): Promise<Image | undefined> {
  const row = await query
    .selectFrom('images')
    .select('uuid')
    .where('handle', '=', handle)
    .where('deleted', '=', 0)
    .where('status', '<>', 'killed')
    .executeTakeFirst()
  return row && findImage(query, row.uuid)
}

const byUuid = prepared((query: Query, { uuid }: { uuid: string }) =>
  selectImages(query).where('images.uuid', '=', uuid),
)

/** The projects an image is shared with, in any member state. */
export async function membersOf(query: Query, image: Image): Promise<ReadonlySet<number>> {
  if (image.visibility !== 'shared') return new Set()
  const rows = await query
    .selectFrom('image_members')
    .select('project_id')
    .where('image_seq', '=', image.seq)
    .execute()
  return new Set(rows.map((row) => row.project_id))
}
