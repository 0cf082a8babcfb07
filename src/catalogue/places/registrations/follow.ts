import type { Trx } from '../../core.ts'
import { firstCharacters, fold } from '../../fold.ts'
import type { Image } from '../../images/image.ts'
import { hasBytes } from '../../images/image.ts'
import { now } from '../../time.ts'
import { findOrCreateArchitecture, findOrCreateSystem, saysTheSame } from '../systems/facts.ts'
import { isBlank } from '../violations.ts'
import { catalogueResource } from '../visibility.ts'

/** What an image without a login user is registered with. */
const defaultUsername = 'root'

/**
 * Keeps an image's automatic registration in step with it (one-catalogue.md 4.9): made when the image becomes
 * active, renamed with it, gone with it. One that was deleted through Foreman stays away.
 */
export async function followImage(trx: Trx, image: Image): Promise<void> {
  const existing = await trx
    .selectFrom('registrations')
    .selectAll()
    .where('compute_resource_id', '=', catalogueResource.id)
    .where('uuid', '=', image.uuid)
    .executeTakeFirst()
  if (!hasBytes(image.status)) {
    if (image.status === 'deleted' || image.status === 'killed' || image.status === 'pending_delete')
      await trx.deleteFrom('registrations').where('image_seq', '=', image.seq).execute()
    return
  }
  if (existing ? existing.automatic === 0 : image.unregistered) return
  const { architecture, os_admin_user: login } = image.properties
  // Of white space alone Foreman says that it is blank.
  const name = isBlank(image.name) ? image.uuid : image.name
  const username = login === undefined || isBlank(login) ? defaultUsername : firstCharacters(login)
  const facts = {
    operating_system_id: await systemFor(trx, image, existing?.operating_system_id),
    architecture_id: await findOrCreateArchitecture(trx, architecture),
    name,
    name_fold: fold(name),
    username,
    username_fold: fold(username),
  }
  if (!existing) {
    await trx
      .insertInto('registrations')
      .values({
        ...facts,
        compute_resource_id: catalogueResource.id,
        uuid: image.uuid,
        password: null,
        user_data: 0,
        iam_role: null,
        image_seq: image.seq,
        automatic: 1,
        created_at: image.createdAt,
        updated_at: image.updatedAt,
      })
      .execute()
  } else if (Object.entries(facts).some(([key, value]) => existing[key as keyof typeof facts] !== value)) {
    await trx
      .updateTable('registrations')
      .set({ ...facts, updated_at: now() })
      .where('id', '=', existing.id)
      .execute()
  }
}

/** The operating system that says what the image says: the present one if it does, however it is written. */
async function systemFor(trx: Trx, image: Image, present: number | undefined): Promise<number> {
  const { os_distro: distro, os_version: version } = image.properties
  if (present !== undefined) {
    const system = await trx
      .selectFrom('operating_systems')
      .select(['name', 'major', 'minor'])
      .where('id', '=', present)
      .executeTakeFirstOrThrow()
    if (saysTheSame(system, distro, version)) return present
  }
  return findOrCreateSystem(trx, distro, version)
}
