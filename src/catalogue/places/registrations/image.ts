import type { Actor } from '../../actor.ts'
import type { Core, Trx } from '../../core.ts'
import type { Image } from '../../images/image.ts'
import { demandDescription } from '../../images/rules.ts'
import { lockImage, saveImage } from '../../images/save.ts'
import { systemVersion, unknownSystem } from '../systems/facts.ts'
import { fixed, violations } from '../violations.ts'
import { catalogueResource } from '../visibility.ts'
import type { SelectedRegistration } from './registration.ts'
import type { SoundFacts } from './rules.ts'

/**
 * The image that a registration in the catalogue is about, locked; null for any other registration. Who writes such a
 * registration needs `image.update` on the image besides: it would else be a way around the image's owner.
 * @throws Failure `not-found`, `forbidden`.
 */
export async function imageOf(
  trx: Trx,
  core: Core,
  actor: Actor,
  row: SelectedRegistration,
): Promise<Image | null> {
  if (row.compute_resource_id !== catalogueResource.id || row.image_seq === null) return null
  return lockImage(trx, core, actor, row.uuid, 'image.update')
}

/**
 * Changes the image behind an automatic registration (one-catalogue.md 4.9): its name, and the OS facts and login
 * user among its properties. Only what differs is written, so that what an image does not say is not made up.
 * @throws Failure `invalid` (field `uuid`: it is that image), `quota` (too many properties).
 */
export async function changeImage(
  trx: Trx,
  core: Core,
  actor: Actor,
  image: Image,
  before: SoundFacts & { readonly id: number },
  facts: SoundFacts,
): Promise<void> {
  if (facts.uuid !== before.uuid) {
    const { complain, demandNone } = violations()
    complain('uuid', fixed)
    demandNone('registration', before.id)
  }
  const properties: Record<string, string> = { ...image.properties }
  if (facts.operatingSystemId !== before.operatingSystemId) {
    const system = await trx
      .selectFrom('operating_systems')
      .select(['name', 'major', 'minor'])
      .where('id', '=', facts.operatingSystemId)
      .executeTakeFirstOrThrow()
    set(properties, 'os_distro', system.name === unknownSystem ? '' : system.name)
    set(properties, 'os_version', systemVersion(system))
  }
  if (facts.architectureId !== before.architectureId) {
    const { name } = await trx
      .selectFrom('architectures')
      .select('name')
      .where('id', '=', facts.architectureId)
      .executeTakeFirstOrThrow()
    properties.architecture = name
  }
  if (facts.username !== before.username) properties.os_admin_user = facts.username
  const change = { ...(facts.name === before.name ? {} : { name: facts.name }), properties }
  if (change.name === undefined && JSON.stringify(properties) === JSON.stringify(image.properties)) return
  demandDescription({ ...image, ...change })
  await saveImage(trx, core, actor, image, change, 'update')
}

/** Remembers that an image was un-registered; nothing else of it changes, its dates included. */
export async function unregisterImage(trx: Trx, core: Core, actor: Actor, image: Image): Promise<void> {
  if (image.unregistered) return
  await saveImage(trx, core, actor, image, { unregistered: true, updatedAt: image.updatedAt }, 'unregister')
}

function set(properties: Record<string, string>, name: string, value: string): void {
  if (value === '') delete properties[name]
  else properties[name] = value
}
