import { demandPermission } from '../../access.ts'
import type { Actor } from '../../actor.ts'
import { difference, record } from '../../audit.ts'
import type { Core, Query, Trx } from '../../core.ts'
import { Failure } from '../../failure.ts'
import { fold } from '../../fold.ts'
import { withoutSecrets } from '../../images/without-secrets.ts'
import { now } from '../../time.ts'
import { sameIds } from '../associations.ts'
import { builtIn, inUse } from '../in-use.ts'
import { type Context, type Listing, page } from '../listing.ts'
import { registrationNames } from '../registrations/names.ts'
import { visibleImage } from '../registrations/scope.ts'
import { treeNames } from '../trees/tree.ts'
import { refusingTwins, taken } from '../violations.ts'
import { catalogueResource, visibleResources } from '../visibility.ts'
import { allowedOnResource, mayUpdate } from './allowed.ts'
import { assignResource, type PlaceTable, placesOf, usualPlaces } from './assignment.ts'
import {
  type ComputeResource,
  type ComputeResourceView,
  type PlacedComputeResource,
  type ResourceAttributes,
  searchableComputeResources,
  selectResources,
  toResource,
} from './resource.ts'
import {
  type ComputeResourceFacts,
  type ComputeResourcePatch,
  demandHarmless,
  demandProvider,
  demandResource,
  knownAttributes,
} from './rules.ts'

/** Something a compute resource offers for `uuid` of a registration. */
export type AvailableImage = { readonly uuid: string; readonly name: string }

/** Compute resources (foreman.md 9.1). Which exist for a caller, visibility.ts decides. */
export function computeResources(core: Core) {
  const { database, secrets } = core
  const { engine } = database

  async function visible(query: Query, actor: Actor, context: Context | undefined) {
    const condition = await visibleResources(query, actor, context)
    const all = selectResources(query)
    return condition ? all.where(condition) : all
  }

  async function find(
    query: Query,
    actor: Actor,
    id: number,
    context: Context | undefined,
  ): Promise<ComputeResource> {
    demandPermission(actor, 'compute-resource.view')
    const row = Number.isSafeInteger(id)
      ? await (await visible(query, actor, context)).selectAll().where('id', '=', id).executeTakeFirst()
      : undefined
    if (!row)
      throw new Failure('not-found', `There is no compute resource ${id}.`, {
        subject: 'compute-resource',
        id: String(id),
      })
    return toResource(row)
  }

  async function placed(query: Query, resource: ComputeResource): Promise<PlacedComputeResource> {
    const { id } = resource
    return {
      ...resource,
      organizations: await treeNames(query, 'projects', await placesOf(query, 'projects', id)),
      locations: await treeNames(query, 'locations', await placesOf(query, 'locations', id)),
    }
  }

  async function viewOf(query: Query, actor: Actor, resource: ComputeResource): Promise<ComputeResourceView> {
    const parent = { kind: 'compute-resource', id: resource.id } as const
    const images = await registrationNames(query, actor, { parent })
    return { ...(await placed(query, resource)), images }
  }

  async function reload(trx: Trx, actor: Actor, id: number): Promise<ComputeResourceView> {
    const row = await selectResources(trx).selectAll().where('id', '=', id).executeTakeFirstOrThrow()
    return viewOf(trx, actor, toResource(row))
  }

  const columns = (facts: ComputeResourceFacts) => ({
    name: facts.name!,
    name_fold: fold(facts.name!),
    url: facts.url,
    description: facts.description,
    username: facts.username,
    attributes_json: JSON.stringify(facts.attributes),
  })

  return {
    /** Those that exist for the actor in the context. @throws Failure `forbidden`, `invalid` (unknown field). */
    async list(actor: Actor, query: Listing): Promise<ComputeResource[]> {
      demandPermission(actor, 'compute-resource.view')
      const all = (await visible(database.db, actor, query.context)).selectAll()
      const rows = await page(all, query, searchableComputeResources, engine).execute()
      return rows.map(toResource)
    },

    async count(actor: Actor, query: Listing): Promise<number> {
      demandPermission(actor, 'compute-resource.view')
      const all = (await visible(database.db, actor, query.context)).select((select) =>
        select.fn.countAll<number>().as('total'),
      )
      const { total } = await page(
        all,
        query.filter ? { filter: query.filter } : {},
        searchableComputeResources,
        engine,
      ).executeTakeFirstOrThrow()
      return Number(total)
    },

    /** @throws Failure `forbidden`, `not-found`. */
    async view(actor: Actor, id: number, context?: Context): Promise<ComputeResourceView> {
      return viewOf(database.db, actor, await find(database.db, actor, id, context))
    },

    /** As `view`, but without its registrations, of which there can be very many. @throws Failure `forbidden`, `not-found`. */
    async describe(actor: Actor, id: number): Promise<PlacedComputeResource> {
      return placed(database.db, await find(database.db, actor, id, undefined))
    },

    /** What the actor may do with a resource that it sees, and with what is registered on it. */
    allowed: (actor: Actor, id: number) => allowedOnResource(database.db, actor, id),

    /**
     * What the resource offers for registration, by name. The catalogue: its active images, as far as the actor may
     * see them (one-catalogue.md section 3). Other resources are records without a connection and offer nothing.
     * @throws Failure `forbidden`, `not-found`.
     */
    async availableImages(actor: Actor, id: number, context?: Context): Promise<AvailableImage[]> {
      await find(database.db, actor, id, context)
      if (id !== catalogueResource.id) return []
      let active = database.db
        .selectFrom('images')
        .select(['images.uuid', 'images.name'])
        .where('images.status', '=', 'active')
      const seen = visibleImage(actor, true)
      if (seen) active = active.where(seen)
      const rows = await active.orderBy('images.label_fold').orderBy('images.uuid').execute()
      return rows.map(({ uuid, name }) => ({ uuid, name: name || uuid }))
    },

    /**
     * @throws Failure `forbidden`; `invalid` with `fields`, or reason `provider`, `provider-missing`, `association`.
     */
    async create(
      actor: Actor,
      { organizationIds, locationIds, ...draft }: ComputeResourcePatch,
      context?: Context,
    ): Promise<ComputeResourceView> {
      demandPermission(actor, 'manage-directory')
      const provider = demandProvider(draft.provider)
      return refusingTwins('compute resource', 'name', taken, () =>
        database.transaction(async (trx) => {
          const attributes = knownAttributes({ ...usualAttributes[provider], ...draft.attributes })
          const facts = { ...nothing, ...said(draft), provider, attributes }
          await demandResource(trx, facts, null)
          const at = now()
          const { id } = await trx
            .insertInto('compute_resources')
            .values({
              ...columns(facts),
              provider,
              password: facts.password === null ? null : secrets.encrypt(facts.password),
              created_at: at,
              updated_at: at,
            })
            .returning('id')
            .executeTakeFirstOrThrow()
          const projects = organizationIds ?? (await usualPlaces(trx, 'projects', context))
          const locations = locationIds ?? (await usualPlaces(trx, 'locations', context))
          await assignResource(trx, 'projects', id, projects)
          await assignResource(trx, 'locations', id, locations)
          await record(trx, actor, {
            action: 'create',
            kind: 'compute resource',
            id,
            after: { ...withoutSecret(facts), organizationIds: projects, locationIds: locations },
          })
          return reload(trx, actor, id)
        }),
      )
    },

    /**
     * Changes what is given; `attributes` one by one. Its managers may change how it is called and shown, only
     * administrators where it is and whose. The catalogue stays as it is.
     * @throws Failure `forbidden` (also reason `connection`), `not-found`, `invalid`.
     */
    async change(
      actor: Actor,
      id: number,
      { organizationIds, locationIds, ...patch }: ComputeResourcePatch,
      context?: Context,
    ): Promise<ComputeResourceView> {
      demandPermission(actor, 'compute-resource.update')
      return refusingTwins('compute resource', 'name', taken, () =>
        database.transaction(async (trx) => {
          const before = await find(trx, actor, id, context)
          await demandUpdate(trx, actor, id)
          const { password } = await trx
            .selectFrom('compute_resources')
            .select('password')
            .where('id', '=', id)
            .executeTakeFirstOrThrow()
          const stored: ComputeResourceFacts = {
            name: before.name,
            provider: before.provider,
            url: before.url,
            description: before.description,
            username: before.username,
            password: password === null ? null : secrets.decrypt(password),
            attributes: before.attributes,
          }
          const attributes = knownAttributes({ ...before.attributes, ...patch.attributes })
          const facts = { ...stored, ...said(patch), attributes }
          if (facts.provider?.toLowerCase() === before.provider.toLowerCase())
            facts.provider = before.provider
          const sides = difference<object>(withoutSecret(stored), withoutSecret(facts))
          const changed = changedNames(stored, facts)
          const moved = await movedTo(trx, id, organizationIds, locationIds)
          if (!actor.superAdmin) {
            const named = Object.keys(difference<object>(before.attributes, attributes).after)
            demandHarmless([...changed, ...(moved ? ['organization_ids'] : [])], named)
          }
          if (id === catalogueResource.id && (changed.length > 0 || moved)) throw builtInChange()
          if (changed.length > 0) {
            await demandResource(trx, facts, before)
            await trx
              .updateTable('compute_resources')
              .set({
                ...columns(facts),
                ...(changed.includes('password')
                  ? { password: facts.password === null ? null : secrets.encrypt(facts.password) }
                  : {}),
                updated_at: now(),
              })
              .where('id', '=', id)
              .execute()
          }
          await assignResource(trx, 'projects', id, organizationIds)
          await assignResource(trx, 'locations', id, locationIds)
          if (changed.length > 0 || moved)
            await record(trx, actor, {
              action: 'update',
              kind: 'compute resource',
              id,
              before: sides.before,
              after: { ...sides.after, ...(moved ? { organizationIds, locationIds } : {}) },
            })
          return reload(trx, actor, id)
        }),
      )
    },

    /**
     * Its registrations go with it (foreman.md 3.5), and instances that only it reported. Returned is what it was, assigned to nothing any more.
     * @throws Failure `forbidden`, `not-found`; `conflict` (reason `built-in`: the catalogue; `in-use`: it has instances).
     */
    async remove(actor: Actor, id: number, context?: Context): Promise<ComputeResourceView> {
      demandPermission(actor, 'manage-directory')
      return database.transaction(async (trx) => {
        const resource = await find(trx, actor, id, context)
        if (id === catalogueResource.id) throw builtIn(resource.name)
        const instance = await trx
          .selectFrom('instances')
          .select('hostname')
          .where('compute_resource_id', '=', id)
          .where('discovered', '=', 0)
          .orderBy('hostname')
          .limit(1)
          .executeTakeFirst()
        if (instance) throw inUse(resource.name, instance.hostname)
        const view = await viewOf(trx, actor, resource)
        await trx.deleteFrom('compute_resources').where('id', '=', id).execute()
        await record(trx, actor, {
          action: 'delete',
          kind: 'compute resource',
          id,
          before: { ...view, url: view.url && withoutSecrets(view.url) },
        })
        return { ...view, organizations: [], locations: [] }
      })
    },
  }

  /** @throws Failure `forbidden`: one that is visible is not yet one's own. */
  async function demandUpdate(trx: Trx, actor: Actor, id: number): Promise<void> {
    if (!(await mayUpdate(trx, actor, id)))
      throw new Failure('forbidden', 'Your role does not allow this.', {
        reason: 'permission',
        id: 'compute-resource.update',
      })
  }

  async function movedTo(
    trx: Trx,
    id: number,
    organizationIds: readonly number[] | undefined,
    locationIds: readonly number[] | undefined,
  ): Promise<boolean> {
    const differs = async (table: PlaceTable, ids: readonly number[] | undefined) =>
      ids !== undefined && !sameIds(ids, await placesOf(trx, table, id))
    return (await differs('projects', organizationIds)) || (await differs('locations', locationIds))
  }
}

const nothing = { name: null, url: null, description: null, username: null, password: null }

/** What a provider shows where nobody said anything (foreman.md 9.1). */
const usualAttributes: Readonly<Record<string, ResourceAttributes>> = {
  Libvirt: { display_type: 'vnc', set_console_password: true },
}

type Facts = { -readonly [K in keyof ComputeResourceFacts]: ComputeResourceFacts[K] }

function said(patch: Partial<ComputeResourceFacts>): Partial<Facts> {
  return Object.fromEntries(
    Object.entries(patch)
      .filter(([name, value]) => value !== undefined && (name in nothing || name === 'provider'))
      .map(([name, value]) => [name, typeof value === 'string' ? value.trim() : value]),
  )
}

/** The facts in which two differ, the secret one included. */
function changedNames(before: ComputeResourceFacts, after: ComputeResourceFacts): string[] {
  return Object.keys(difference<object>(before, after).after)
}

function withoutSecret({ password, url, ...facts }: ComputeResourceFacts): object {
  return { ...facts, url: url && withoutSecrets(url), password: password === null ? null : '***' }
}

function builtInChange(): Failure {
  const sentence = `${catalogueResource.name} is built in and cannot be changed`
  return new Failure('conflict', sentence, { reason: 'built-in', fields: { base: [sentence] } })
}
