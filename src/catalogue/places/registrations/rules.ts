import { sql } from 'kysely'
import { allows } from '../../access.ts'
import type { Actor } from '../../actor.ts'
import type { Core, Trx } from '../../core.ts'
import { findImage, membersOf, normaliseUuid } from '../../images/find.ts'
import { hasBytes, type Image } from '../../images/image.ts'
import type { Context } from '../listing.ts'
import { absent, blank, isBlank, isTooLong, taken, tooLong, violations } from '../violations.ts'
import { catalogueResource } from '../visibility.ts'
import { mayRegisterOn } from './scope.ts'

/** What a caller may say of a registration. Texts are stored without white space around them. */
export type RegistrationFacts = {
  readonly name: string | null
  readonly uuid: string | null
  readonly username: string | null
  readonly password: string | null
  readonly userData: boolean | null
  readonly iamRole: string | null
  readonly computeResourceId: number | null
  readonly operatingSystemId: number | null
  readonly architectureId: number | null
}
export type RegistrationPatch = Partial<RegistrationFacts>

/** Facts that have passed the rules. */
export type SoundFacts = {
  readonly [K in keyof RegistrationFacts]: K extends 'password' | 'userData' | 'iamRole'
    ? RegistrationFacts[K]
    : NonNullable<RegistrationFacts[K]>
}

/**
 * Checks a registration as it would be stored (foreman.md 4.1), everything that is wrong at once, and finds the
 * catalogue image that its uuid names, null for none.
 * @param before what is stored now; only what differs from it is looked up
 * @throws Failure `invalid`, the fields in the contract's order.
 */
export async function demandRegistration(
  trx: Trx,
  core: Core,
  actor: Actor,
  wanted: RegistrationFacts,
  before: (SoundFacts & { readonly id: number }) | null,
  context: Context | undefined,
): Promise<{ facts: SoundFacts; image: Image | null }> {
  const { complain, demandNone } = violations()
  // The catalogue's own uuids have one spelling.
  const uuid =
    wanted.computeResourceId === catalogueResource.id
      ? (normaliseUuid(wanted.uuid ?? '') ?? wanted.uuid)
      : wanted.uuid
  const facts = { ...wanted, uuid }
  for (const [attribute, value] of [
    ['uuid', facts.uuid],
    ['username', facts.username],
    ['name', facts.name],
    ['iam_role', facts.iamRole],
    ['password', facts.password],
  ] as const)
    if (isTooLong(value)) complain(attribute, tooLong)
  if (isBlank(facts.username)) complain('username', blank)

  const { operatingSystemId, computeResourceId, architectureId } = facts
  if (operatingSystemId === null) complain('operatingsystem_id', blank)
  else if (
    operatingSystemId !== before?.operatingSystemId &&
    !(await exists(trx, 'operating_systems', operatingSystemId))
  )
    complain('operatingsystem_id', absent)
  if (computeResourceId === null) complain('compute_resource_id', blank)
  else if (
    computeResourceId !== before?.computeResourceId &&
    !(await mayRegisterOn(trx, actor, computeResourceId, context))
  )
    complain('compute_resource_id', absent)
  if (architectureId === null) complain('architecture_id', blank)
  else if (architectureId !== before?.architectureId && !(await exists(trx, 'architectures', architectureId)))
    complain('architecture_id', absent)

  // Two that are written at once must not both find a name free; the lock still lets images register themselves.
  if (core.database.engine === 'postgres' && computeResourceId !== null)
    await sql`select 1 from compute_resources where id = ${computeResourceId} for no key update`.execute(trx)
  const others = trx
    .selectFrom('registrations')
    .select('id')
    .where('compute_resource_id', '=', computeResourceId)
    .where('id', '<>', before?.id ?? 0)
    .limit(1)
  const moved = computeResourceId !== before?.computeResourceId
  // Images that share a name register themselves all the same: only what is written here is held to the rule.
  const renamed = moved || facts.name !== before?.name || operatingSystemId !== before?.operatingSystemId
  if (isBlank(facts.name)) complain('name', blank)
  else if (
    renamed &&
    (await others
      .where('operating_system_id', '=', operatingSystemId)
      .where('name', '=', facts.name)
      .executeTakeFirst())
  )
    complain('name', taken)

  let image: Image | null = null
  if (isBlank(uuid)) complain('uuid', blank)
  else {
    const renumbered = moved || uuid !== before?.uuid
    if (renumbered && (await others.where('uuid', '=', uuid).executeTakeFirst())) complain('uuid', taken)
    image = await imageNamed(trx, actor, uuid!)
    // The catalogue is a provider that can tell what it has; what is not usable yet is not there yet.
    if (computeResourceId === catalogueResource.id && renumbered && !(image && hasBytes(image.status)))
      complain('uuid', `could not be found in ${catalogueResource.name}`)
  }
  demandNone('registration', before?.id)
  return { facts: facts as SoundFacts, image }
}

/** The image with this uuid, when the actor may see it. */
async function imageNamed(trx: Trx, actor: Actor, uuid: string): Promise<Image | null> {
  const image = await findImage(trx, uuid)
  if (!image || image.status === 'deleted') return null
  return allows(actor, 'image.view', image, await membersOf(trx, image)) ? image : null
}

async function exists(trx: Trx, table: 'operating_systems' | 'architectures', id: number): Promise<boolean> {
  if (!Number.isSafeInteger(id)) return false
  return (await trx.selectFrom(table).select('id').where('id', '=', id).executeTakeFirst()) !== undefined
}
