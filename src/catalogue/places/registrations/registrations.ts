import { sql } from 'kysely'
import { demand } from '../../access.ts'
import type { Actor } from '../../actor.ts'
import { difference, record } from '../../audit.ts'
import type { Core, Query, Trx } from '../../core.ts'
import { Failure } from '../../failure.ts'
import { fold } from '../../fold.ts'
import { membersOf } from '../../images/find.ts'
import type { Image } from '../../images/image.ts'
import type { Filter, Order } from '../../search.ts'
import { now } from '../../time.ts'
import { type Listing, page } from '../listing.ts'
import { refusingTwins, taken } from '../violations.ts'
import { catalogueResource } from '../visibility.ts'
import { allowedOnRegistrations } from './allowed.ts'
import { changeImage, imageOf, unregisterImage } from './image.ts'
import { registrationsOf } from './of-image.ts'
import {
  countedRegistrations,
  foundByText,
  type Registration,
  type SelectedRegistration,
  searchableRegistrations,
  selectRegistrations,
  toRegistration,
} from './registration.ts'
import { demandRegistration, type RegistrationPatch, type SoundFacts } from './rules.ts'
import { type Deed, demandScope, type RegistrationScope, registrationCondition } from './scope.ts'
import { never, settled } from './settled.ts'

type Found = { readonly row: SelectedRegistration; readonly facts: SoundFacts & { readonly id: number } }

/** Foreman's images (foreman.md sections 1-4, one-catalogue.md 4.9). */
export function registrations(core: Core) {
  const { database, secrets } = core
  const searchable = searchableRegistrations(database.engine)

  async function filterOf(query: RegistrationScope & Listing) {
    const filter = await settledFilter(database.db, query)
    const found = filter.filter ? await foundByText(database.db, filter.filter, searchable) : null
    return { filter, led: found !== null, within: found ?? searchable }
  }

  async function find(
    query: Query,
    actor: Actor,
    scope: RegistrationScope,
    id: number,
    deed: Deed,
  ): Promise<SelectedRegistration> {
    await demandScope(query, actor, scope, deed)
    const row = Number.isSafeInteger(id)
      ? await selectRegistrations(query)
          .where('registrations.id', '=', id)
          .where(await registrationCondition(query, actor, scope, false))
          .executeTakeFirst()
      : undefined
    if (!row)
      throw new Failure('not-found', `There is no registration ${id} here.`, {
        subject: 'registration',
        id: String(id),
      })
    return row
  }

  /** The registration for a change: locked until the transaction ends, its password opened. */
  async function lock(
    trx: Trx,
    actor: Actor,
    scope: RegistrationScope,
    id: number,
    deed: Deed,
  ): Promise<Found> {
    await demandScope(trx, actor, scope, deed)
    if (database.engine === 'postgres' && Number.isSafeInteger(id))
      await sql`select 1 from registrations where id = ${id} for update`.execute(trx)
    const row = await find(trx, actor, scope, id, deed)
    const { password } = await trx
      .selectFrom('registrations')
      .select('password')
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    const facts = {
      id,
      name: row.name,
      uuid: row.uuid,
      username: row.username,
      password: password === null ? null : secrets.decrypt(password),
      userData: row.user_data === null ? null : row.user_data === 1,
      iamRole: row.iam_role,
      computeResourceId: row.compute_resource_id,
      operatingSystemId: row.operating_system_id,
      architectureId: row.architecture_id,
    }
    return { row, facts }
  }

  async function reload(trx: Trx, id: number): Promise<Registration> {
    return toRegistration(
      await selectRegistrations(trx).where('registrations.id', '=', id).executeTakeFirstOrThrow(),
    )
  }

  const columns = (facts: SoundFacts) => ({
    compute_resource_id: facts.computeResourceId,
    operating_system_id: facts.operatingSystemId,
    architecture_id: facts.architectureId,
    name: facts.name,
    name_fold: fold(facts.name),
    uuid: facts.uuid,
    username: facts.username,
    username_fold: fold(facts.username),
    password: facts.password === null ? null : secrets.encrypt(facts.password),
    user_data: facts.userData === null ? null : facts.userData ? (1 as const) : (0 as const),
    iam_role: facts.iamRole,
  })

  // An image may register itself while its uuid is being registered here.
  const refusingTwin = <T>(work: () => Promise<T>) =>
    refusingTwins('registration', 'uuid', taken, work, 'uuid')

  return {
    /** What every deed demands before it looks any further. @throws Failure `forbidden`, `not-found` (the parent). */
    demandParent: (actor: Actor, scope: RegistrationScope, deed: Deed): Promise<void> =>
      demandScope(database.db, actor, scope, deed),

    /** One page. @throws Failure `forbidden`, `not-found` (the parent), `invalid` (unknown field). */
    async list(actor: Actor, query: RegistrationScope & Listing): Promise<Registration[]> {
      await demandScope(database.db, actor, query, 'registration.view')
      const { filter, led, within } = await filterOf(query)
      const rows = await page(
        selectRegistrations(database.db).where(
          await registrationCondition(database.db, actor, query, true, led),
        ),
        { ...query, ...filter, order: withoutConstant(query) },
        within,
        database.engine,
      ).execute()
      return rows.map(toRegistration)
    },

    /** Where an image that the actor sees is registered. @throws Failure `forbidden` (reason `permission`) */
    ofImage: (actor: Actor, image: Image): Promise<Registration[]> =>
      registrationsOf(database.db, actor, image),

    /** What the actor may do with each of these, which were found in the scope, by id. */
    allowed: (actor: Actor, scope: RegistrationScope, found: readonly Registration[]) =>
      allowedOnRegistrations(database.db, actor, scope, found),

    /** How many over all pages; without a filter, all that the actor may see here. @throws as `list` */
    async count(actor: Actor, query: RegistrationScope & Listing): Promise<number> {
      await demandScope(database.db, actor, query, 'registration.view')
      const { filter, led, within } = await filterOf(query)
      const { total } = await page(
        countedRegistrations(database.db, query.parent)
          .select((select) => select.fn.countAll<number>().as('total'))
          .where(await registrationCondition(database.db, actor, query, true, led)),
        filter,
        within,
        database.engine,
      ).executeTakeFirstOrThrow()
      return Number(total)
    },

    /** @throws Failure `forbidden`, `not-found` (the parent or the registration). */
    async view(actor: Actor, scope: RegistrationScope, id: number): Promise<Registration> {
      return toRegistration(await find(database.db, actor, scope, id, 'registration.view'))
    },

    /**
     * Registers an image. What the parent says of it wins (foreman.md 3.3). In the compute resource `catalogue` the
     * uuid has to be an image's, which then is registered again (one-catalogue.md 4.9).
     * @throws Failure `forbidden`, `not-found` (the parent), `invalid` with `fields`.
     */
    async create(actor: Actor, scope: RegistrationScope, draft: RegistrationPatch): Promise<Registration> {
      return refusingTwin(() =>
        database.transaction(async (trx) => {
          await demandScope(trx, actor, scope, 'registration.create')
          const { facts, image } = await demandRegistration(
            trx,
            core,
            actor,
            { ...nothing, ...tidy(draft), ...parentFacts(scope) },
            null,
            scope.context,
          )
          if (image && facts.computeResourceId === catalogueResource.id)
            demand(actor, 'image.update', image, await membersOf(trx, image))
          const at = now()
          const { id } = await trx
            .insertInto('registrations')
            .values({
              ...columns(facts),
              image_seq: image?.seq ?? null,
              automatic: 0,
              created_at: at,
              updated_at: at,
            })
            .returning('id')
            .executeTakeFirstOrThrow()
          await record(trx, actor, { action: 'create', kind: 'registration', id, after: auditFacts(facts) })
          return reload(trx, id)
        }),
      )
    },

    /**
     * Changes what is given; what stays the same changes nothing, `updatedAt` included (foreman.md 3.4). An automatic
     * registration is its image: then the image is changed, which needs `image.update` (one-catalogue.md 4.9).
     * @throws Failure `forbidden`, `not-found` (parent, registration or image), `invalid` with `fields`.
     */
    async change(
      actor: Actor,
      scope: RegistrationScope,
      id: number,
      patch: RegistrationPatch,
    ): Promise<Registration> {
      return refusingTwin(() =>
        database.transaction(async (trx) => {
          const { row, facts: before } = await lock(trx, actor, scope, id, 'registration.update')
          const wanted = { ...before, ...tidy(patch) }
          if (Object.keys(difference<object>(before, wanted).after).length === 0) return toRegistration(row)
          const image = await imageOf(trx, core, actor, row)
          const sound = await demandRegistration(trx, core, actor, wanted, before, scope.context)
          const { id: _id, ...facts } = { ...sound.facts, id }
          const moved = facts.computeResourceId !== before.computeResourceId
          const catalogued = facts.computeResourceId === catalogueResource.id
          if (catalogued && sound.image && sound.image.uuid !== before.uuid)
            demand(actor, 'image.update', sound.image, await membersOf(trx, sound.image))
          const automatic = row.automatic === 1 && !moved
          if (automatic && image) await changeImage(trx, core, actor, image, before, facts)
          await trx
            .updateTable('registrations')
            .set({
              ...columns(facts),
              image_seq: automatic ? row.image_seq : (sound.image?.seq ?? null),
              automatic: automatic ? 1 : 0,
              updated_at: now(),
            })
            .where('id', '=', id)
            .execute()
          if (image && !automatic && row.automatic === 1) await unregisterImage(trx, core, actor, image)
          await record(trx, actor, {
            action: 'update',
            kind: 'registration',
            id,
            ...difference<object>(auditFacts(before), auditFacts(facts)),
          })
          return reload(trx, id)
        }),
      )
    },

    /**
     * Removes a registration and returns it with its password in clear, as foreman.md 2.3 has it: never log it. One
     * of the catalogue's images stays away until it is registered by its uuid again; the image itself stays as it is.
     * @throws Failure `forbidden`, `not-found`.
     */
    async remove(
      actor: Actor,
      scope: RegistrationScope,
      id: number,
    ): Promise<Registration & { readonly password: string | null }> {
      return database.transaction(async (trx) => {
        const { row, facts } = await lock(trx, actor, scope, id, 'registration.delete')
        const image = await imageOf(trx, core, actor, row)
        await trx.deleteFrom('registrations').where('id', '=', id).execute()
        if (image) await unregisterImage(trx, core, actor, image)
        await record(trx, actor, {
          action: 'delete',
          kind: 'registration',
          id,
          before: auditFacts(facts),
        })
        return { ...toRegistration(row), password: facts.password }
      })
    },
  }
}

const nothing = {
  name: null,
  uuid: null,
  username: null,
  password: null,
  userData: false,
  iamRole: null,
  computeResourceId: null,
  operatingSystemId: null,
  architectureId: null,
}

/** Inside one compute resource its name sorts nothing; no database sees that by itself, and all would sort. */
function withoutConstant({ parent, order = [] }: RegistrationScope & Listing): readonly Order[] {
  if (parent.kind !== 'compute-resource') return order
  const rest = order.filter(({ field }) => field !== 'compute_resource')
  return rest.length > 0 || order.length === 0 ? rest : [{ field: 'id' }]
}

/** The filter; inside one compute resource nothing has to look for its name. */
async function settledFilter(
  query: Query,
  { parent, filter }: RegistrationScope & Listing,
): Promise<{ filter?: Filter }> {
  if (!filter) return {}
  if (parent.kind !== 'compute-resource') return { filter }
  const resource = await query
    .selectFrom('compute_resources')
    .select('name')
    .where('id', '=', parent.id)
    .executeTakeFirst()
  // Removed meanwhile, and its registrations with it.
  return { filter: resource ? settled(filter, 'compute_resource', resource.name) : never }
}

/** Only what was said, without white space around texts (foreman.md 2.4). */
function tidy(patch: RegistrationPatch): RegistrationPatch {
  return Object.fromEntries(
    Object.entries(patch)
      .filter(([name, value]) => value !== undefined && Object.hasOwn(nothing, name))
      .map(([name, value]) => [name, typeof value === 'string' ? value.trim() : value]),
  )
}

function parentFacts({ parent: { kind, id } }: RegistrationScope): RegistrationPatch {
  if (kind === 'compute-resource') return { computeResourceId: id }
  return kind === 'operating-system' ? { operatingSystemId: id } : { architectureId: id }
}

/** A password is a fact that the audit log knows to exist, and no more. */
function auditFacts({ password, ...facts }: SoundFacts): object {
  return { ...facts, password: password === null ? null : '***' }
}
