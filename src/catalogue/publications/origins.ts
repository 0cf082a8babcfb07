import { allows } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Query, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import { findImage, membersOf } from '../images/find.ts'
import type { Image } from '../images/image.ts'
import { isObject, own } from '../manifests/manifest.ts'

/** The image that this one builds on: its bytes are of no use without that one's. */
function originOf(manifest: unknown): string | null {
  const said = isObject(manifest) ? own(manifest, 'origin') : undefined
  return typeof said === 'string' ? said : null
}

/** @throws Failure `state` (reason `origin-missing` or `origin-inactive`). */
export async function demandOrigin(query: Query, actor: Actor, manifest: unknown): Promise<void> {
  const uuid = originOf(manifest)
  if (uuid === null) return
  const origin = await findImage(query, uuid)
  const isThere = origin && origin.status !== 'deleted'
  if (!isThere || !allows(actor, 'image.view', origin, await membersOf(query, origin)))
    throw new Failure('state', `The origin image "${uuid}" does not exist.`, {
      subject: 'image',
      id: uuid,
      reason: 'origin-missing',
    })
  if (origin.status !== 'active')
    throw new Failure('state', `The origin image "${uuid}" is not active.`, {
      subject: 'image',
      id: uuid,
      reason: 'origin-inactive',
    })
}

/** Images that build on this one. */
function dependents(query: Query, uuid: string) {
  return query
    .selectFrom('image_manifest_facts')
    .innerJoin('images', 'images.seq', 'image_manifest_facts.image_seq')
    .select('images.uuid')
    .where('kind', '=', 'origin')
    .where('image_manifest_facts.name', '=', uuid)
    .where('images.deleted', '=', 0)
    .where('images.status', '<>', 'killed')
    .where('images.uuid', '<>', uuid)
    .limit(1)
}

/** @throws Failure `state` (reason `dependents`) */
export async function demandNoDependents(trx: Trx, image: Image): Promise<void> {
  const found = await dependents(trx, image.uuid).executeTakeFirst()
  if (!found) return
  throw new Failure('state', `Image "${image.uuid}" is the origin of other images.`, {
    subject: 'image',
    id: image.uuid,
    reason: 'dependents',
  })
}

/** Does anything that was made from the image still need its bytes: another image, or the disk of an instance? */
export async function isNeeded(query: Query, image: Image): Promise<boolean> {
  if (await dependents(query, image.uuid).executeTakeFirst()) return true
  const disk = await query
    .selectFrom('disks')
    .select('number')
    .where('image_uuid', '=', image.uuid)
    .limit(1)
    .executeTakeFirst()
  return disk !== undefined
}
