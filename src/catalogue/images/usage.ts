import { sql } from 'kysely'
import type { Query } from '../core.ts'
import { Failure } from '../failure.ts'
import type { Image } from './image.ts'

/** The projects of the datacenters that an image is attached to: its owner's, and the accepted members (danube.md 1.1). */
export function attachedProjects(query: Query, image: Image) {
  const members = query
    .selectFrom('image_members')
    .select('project_id as id')
    .where('image_seq', '=', image.seq)
    .where('status', '=', 'accepted')
  const owner = query
    .selectFrom('projects')
    .select('id')
    .where('id', '=', image.attached ? (image.ownerId ?? 0) : 0)
  return owner.union(members)
}

/** Instances in those datacenters with a disk made from the image. Copies elsewhere do not count (danube.md 1.11). */
export function instancesUsing(query: Query, image: Image) {
  return query
    .selectFrom('instances')
    .where('project_id', 'in', attachedProjects(query, image))
    .where(
      'uuid',
      'in',
      query.selectFrom('disks').select('instance_uuid').where('image_uuid', '=', image.uuid),
    )
}

/**
 * @param projectId only this datacenter counts; by default all that the image is attached to
 * @throws Failure `state` (reason `in-use`)
 */
export async function demandUnused(query: Query, image: Image, projectId?: number): Promise<void> {
  let used = instancesUsing(query, image).select(sql<number>`1`.as('one'))
  if (projectId !== undefined) used = used.where('project_id', '=', projectId)
  if (await used.limit(1).executeTakeFirst())
    throw new Failure('state', 'Image is used by some VMs', {
      subject: 'image',
      id: image.uuid,
      reason: 'in-use',
    })
}
