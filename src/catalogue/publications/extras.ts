import type { Query } from '../core.ts'
import type { Image } from '../images/image.ts'

/** What a manifest shows of an image that is kept beside it. */
export type Extras = {
  /** Uuids of the projects that may use the image beside its owner, sorted. */
  readonly acl: readonly string[]
  readonly icon: boolean
}

const none: Extras = { acl: [], icon: false }

/** Extras of a page of images at once, by uuid. */
export async function extrasOf(query: Query, images: readonly Image[]): Promise<(image: Image) => Extras> {
  if (images.length === 0) return () => none
  const members = await query
    .selectFrom('image_members')
    .innerJoin('projects', 'projects.id', 'image_members.project_id')
    .select(['image_seq', 'projects.uuid'])
    // Memberships of an image that is not shared at the moment wait, and mean nothing.
    .where('image_seq', 'in', [...images.filter(isShared).map(({ seq }) => seq), 0])
    .execute()
  const icons = await query
    .selectFrom('image_icons')
    .select('image_seq')
    .where(
      'image_seq',
      'in',
      images.map(({ seq }) => seq),
    )
    .execute()
  const uuids = Map.groupBy(members, (row) => row.image_seq)
  const withIcon = new Set(icons.map((row) => row.image_seq))
  return ({ seq }) => ({
    acl: (uuids.get(seq) ?? []).map(({ uuid }) => uuid).sort(),
    icon: withIcon.has(seq),
  })
}

function isShared({ visibility }: Image): boolean {
  return visibility === 'shared' || visibility === 'public'
}
