import { padded } from '../../../database/padded.ts'
import { demandPermission } from '../../access.ts'
import type { Actor } from '../../actor.ts'
import { difference, record } from '../../audit.ts'
import type { Core, Query, Trx } from '../../core.ts'
import { Failure } from '../../failure.ts'
import { fold } from '../../fold.ts'
import { now } from '../../time.ts'
import { demandKnown, sameIds } from '../associations.ts'
import { demandNoImages } from '../in-use.ts'
import { type Listing, page } from '../listing.ts'
import { type Named, registrationNames } from '../registrations/names.ts'
import { refusingTwins } from '../violations.ts'
import { guessFamily, systemTitle } from './facts.ts'
import { demandSystem, type SystemFacts, versionExists } from './rules.ts'
import {
  type DescribedSystem,
  type System,
  type SystemView,
  searchableSystems,
  selectSystems,
  toSystem,
} from './system.ts'

export type SystemPatch = Partial<SystemFacts & { readonly architectureIds: readonly number[] }>
/** `architectureId`: only those that have it. */
export type SystemListing = Listing & { readonly architectureId?: number }

/** Operating systems (foreman.md 9.2). They belong to the whole installation: everybody sees them, administrators write them. */
export function systems({ database }: Core) {
  const { engine } = database

  function selected(query: Query, { architectureId }: SystemListing) {
    const all = selectSystems(query)
    if (architectureId === undefined) return all
    return all.where('id', 'in', (select) =>
      select
        .selectFrom('operating_system_architectures')
        .select('operating_system_id')
        .where('architecture_id', '=', architectureId),
    )
  }

  async function find(query: Query, id: number): Promise<System> {
    const row = Number.isSafeInteger(id)
      ? await query.selectFrom('operating_systems').selectAll().where('id', '=', id).executeTakeFirst()
      : undefined
    if (!row)
      throw new Failure('not-found', `There is no operating system ${id}.`, {
        subject: 'operating-system',
        id: String(id),
      })
    return toSystem(row)
  }

  async function architecturesOf(query: Query, id: number) {
    return query
      .selectFrom('operating_system_architectures')
      .innerJoin('architectures', 'architectures.id', 'operating_system_architectures.architecture_id')
      .select(['architectures.id', 'architectures.name'])
      .where('operating_system_id', '=', id)
      .orderBy('architectures.name')
      .execute()
  }

  async function describe(query: Query, id: number): Promise<DescribedSystem> {
    return { ...(await find(query, id)), architectures: await architecturesOf(query, id) }
  }

  async function viewOf(query: Query, actor: Actor, id: number): Promise<SystemView> {
    const described = await describe(query, id)
    const images = await registrationNames(query, actor, { parent: { kind: 'operating-system', id } })
    return { ...described, images }
  }

  /** Writes the association; true when it changed. */
  async function assign(trx: Trx, id: number, ids: readonly number[] | undefined): Promise<boolean> {
    if (ids === undefined) return false
    const wanted = await demandKnown(trx, 'architectures', ids)
    const present = (await architecturesOf(trx, id)).map((one) => one.id)
    if (sameIds(present, wanted)) return false
    await trx.deleteFrom('operating_system_architectures').where('operating_system_id', '=', id).execute()
    for (const architecture of wanted)
      await trx
        .insertInto('operating_system_architectures')
        .values({ operating_system_id: id, architecture_id: architecture })
        .execute()
    return true
  }

  return {
    /** @throws Failure `forbidden`, `invalid` (unknown field). */
    async list(actor: Actor, query: SystemListing): Promise<System[]> {
      demandPermission(actor, 'place.view')
      const rows = await page(
        selected(database.db, query).selectAll(),
        query,
        searchableSystems,
        engine,
      ).execute()
      return rows.map(toSystem)
    },

    async count(actor: Actor, query: SystemListing): Promise<number> {
      demandPermission(actor, 'place.view')
      const { total } = await page(
        selected(database.db, query).select((select) => select.fn.countAll<number>().as('total')),
        query.filter ? { filter: query.filter } : {},
        searchableSystems,
        engine,
      ).executeTakeFirstOrThrow()
      return Number(total)
    },

    /** @throws Failure `forbidden`, `not-found`. */
    async view(actor: Actor, id: number): Promise<SystemView> {
      demandPermission(actor, 'place.view')
      return viewOf(database.db, actor, id)
    },

    /** As `view`, but without its registrations, of which there can be very many. @throws Failure `forbidden`, `not-found`. */
    async describe(actor: Actor, id: number): Promise<DescribedSystem> {
      demandPermission(actor, 'place.view')
      return describe(database.db, id)
    },

    /** The architectures of each of these systems, by their ids. @throws Failure `forbidden`. */
    async architecturesOf(
      actor: Actor,
      ids: readonly number[],
    ): Promise<ReadonlyMap<number, readonly Named[]>> {
      demandPermission(actor, 'place.view')
      const rows = await database.db
        .selectFrom('operating_system_architectures')
        .innerJoin('architectures', 'architectures.id', 'operating_system_architectures.architecture_id')
        .select(['operating_system_id as system', 'architectures.id', 'architectures.name'])
        .where('operating_system_id', 'in', padded([0, ...ids]))
        .orderBy('architectures.name')
        .execute()
      const bySystem = Map.groupBy(rows, ({ system }) => system)
      return new Map(ids.map((id) => [id, (bySystem.get(id) ?? []).map(({ id, name }) => ({ id, name }))]))
    },

    /** @throws Failure `forbidden`, `invalid` (with `fields`, or reason `association`). */
    async create(actor: Actor, { architectureIds, ...draft }: SystemPatch): Promise<SystemView> {
      demandPermission(actor, 'manage-directory')
      return refusingTwins('operating system', 'name', versionExists, () =>
        database.transaction(async (trx) => {
          const facts = completed({ ...nothing, ...said(draft) })
          await demandSystem(trx, facts, null)
          const at = now()
          const { id } = await trx
            .insertInto('operating_systems')
            .values({ ...columns(facts), created_at: at, updated_at: at })
            .returning('id')
            .executeTakeFirstOrThrow()
          await assign(trx, id, architectureIds)
          const view = await viewOf(trx, actor, id)
          await record(trx, actor, {
            action: 'create',
            kind: 'operating system',
            id,
            after: { ...facts, architectureIds: architectureIds ?? [] },
          })
          return view
        }),
      )
    },

    /** Changes what is given. @throws Failure `forbidden`, `not-found`, `invalid`. */
    async change(actor: Actor, id: number, { architectureIds, ...patch }: SystemPatch): Promise<SystemView> {
      demandPermission(actor, 'manage-directory')
      return refusingTwins('operating system', 'name', versionExists, () =>
        database.transaction(async (trx) => {
          const before = await find(trx, id)
          const facts = completed({ ...factsOf(before), ...said(patch) })
          const sides = difference<object>(factsOf(before), facts)
          const changed = Object.keys(sides.after).length > 0
          if (changed) await demandSystem(trx, facts, { ...factsOf(before), id, title: before.title })
          const reassigned = await assign(trx, id, architectureIds)
          if (changed)
            await trx
              .updateTable('operating_systems')
              .set({ ...columns(facts), updated_at: now() })
              .where('id', '=', id)
              .execute()
          if (changed || reassigned)
            await record(trx, actor, {
              action: 'update',
              kind: 'operating system',
              id,
              before: sides.before,
              after: { ...sides.after, ...(reassigned ? { architectureIds } : {}) },
            })
          return viewOf(trx, actor, id)
        }),
      )
    },

    /**
     * Its registrations go with it (foreman.md 3.5).
     * @throws Failure `forbidden`, `not-found`; `conflict` (reason `in-use`) while an image of the catalogue has it.
     */
    async remove(actor: Actor, id: number): Promise<System> {
      demandPermission(actor, 'manage-directory')
      return database.transaction(async (trx) => {
        const system = await find(trx, id)
        await demandNoImages(trx, 'operating_system_id', id, system.title)
        await trx.deleteFrom('operating_systems').where('id', '=', id).execute()
        await record(trx, actor, { action: 'delete', kind: 'operating system', id, before: system })
        return system
      })
    },
  }
}

const nothing: SystemFacts = {
  name: null,
  major: null,
  minor: null,
  description: null,
  family: null,
  releaseName: null,
  passwordHash: null,
}

function factsOf(system: System): SystemFacts {
  const { name, major, minor, description, family, releaseName, passwordHash } = system
  return { name, major, minor, description, family, releaseName, passwordHash }
}

function said(patch: Partial<SystemFacts>): Partial<SystemFacts> {
  return Object.fromEntries(
    Object.entries(patch)
      .filter(([name, value]) => value !== undefined && Object.hasOwn(nothing, name))
      .map(([name, value]) => [name, typeof value === 'string' ? value.trim() : value]),
  )
}

/** What is stored where nothing was said: no minor is an empty one, the family follows from the name (foreman.md 9.2). */
function completed(facts: SystemFacts): SystemFacts {
  return {
    ...facts,
    minor: facts.minor ?? '',
    description: facts.description || null,
    family: facts.family || guessFamily(facts.name ?? ''),
    releaseName: facts.releaseName?.toLowerCase() || null,
    passwordHash: facts.passwordHash || 'SHA512',
  }
}

function columns(facts: SystemFacts) {
  const system = { name: facts.name!, major: facts.major!, minor: facts.minor! }
  const title = facts.description || systemTitle(system)
  return {
    ...system,
    description: facts.description,
    family: facts.family,
    release_name: facts.releaseName,
    password_hash: facts.passwordHash!,
    title,
    title_fold: fold(title),
  }
}
