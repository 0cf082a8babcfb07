import type { Selectable } from 'kysely'
import { sql } from 'kysely'
import { padded } from '../../../database/padded.ts'
import type { ArchitecturesTable, Instant } from '../../../database/schema.ts'
import { demandPermission } from '../../access.ts'
import type { Actor } from '../../actor.ts'
import { record } from '../../audit.ts'
import type { Core, Query, Trx } from '../../core.ts'
import { Failure } from '../../failure.ts'
import type { Searchable } from '../../search.ts'
import { now } from '../../time.ts'
import { demandKnown, sameIds } from '../associations.ts'
import { demandNoImages } from '../in-use.ts'
import { type Listing, page } from '../listing.ts'
import { type Named, registrationNames } from '../registrations/names.ts'
import { blank, isBlank, isTooLong, refusingTwins, taken, tooLong, violations } from '../violations.ts'

/** A processor architecture (foreman.md 9.3). */
export type Architecture = Named & { readonly createdAt: Instant; readonly updatedAt: Instant }
export type DescribedArchitecture = Architecture & {
  readonly operatingSystems: readonly (Named & { readonly title: string })[]
}
export type ArchitectureView = DescribedArchitecture & { readonly images: readonly Named[] }
export type ArchitecturePatch = {
  readonly name?: string | null
  readonly operatingSystemIds?: readonly number[]
}
/** `operatingSystemId`: only those it has. */
export type ArchitectureListing = Listing & { readonly operatingSystemId?: number }

export const searchableArchitectures: Searchable = {
  fields: {
    id: { column: 'architectures.id', kind: 'number' },
    name: { column: 'architectures.name', folded: 'architectures.name_fold', kind: 'text' },
  },
}

/** Everybody sees them, administrators write them. */
export function architectures({ database }: Core) {
  const { engine } = database

  /** With the folded form of the name; there are few, so it needs no column. */
  function selected(query: Query, { operatingSystemId }: ArchitectureListing) {
    const all = query.selectFrom(
      query
        .selectFrom('architectures')
        .selectAll()
        .select(sql<string>`lower(name)`.as('name_fold'))
        .as('architectures'),
    )
    if (operatingSystemId === undefined) return all
    return all.where('id', 'in', (select) =>
      select
        .selectFrom('operating_system_architectures')
        .select('architecture_id')
        .where('operating_system_id', '=', operatingSystemId),
    )
  }

  async function find(query: Query, id: number): Promise<Architecture> {
    const row = Number.isSafeInteger(id)
      ? await query.selectFrom('architectures').selectAll().where('id', '=', id).executeTakeFirst()
      : undefined
    if (!row)
      throw new Failure('not-found', `There is no architecture ${id}.`, {
        subject: 'architecture',
        id: String(id),
      })
    return toArchitecture(row)
  }

  async function systemsOf(query: Query, id: number) {
    return query
      .selectFrom('operating_system_architectures')
      .innerJoin(
        'operating_systems',
        'operating_systems.id',
        'operating_system_architectures.operating_system_id',
      )
      .select(['operating_systems.id', 'operating_systems.name', 'operating_systems.title'])
      .where('architecture_id', '=', id)
      .orderBy('operating_systems.title')
      .execute()
  }

  async function describe(query: Query, id: number): Promise<DescribedArchitecture> {
    return { ...(await find(query, id)), operatingSystems: await systemsOf(query, id) }
  }

  async function viewOf(query: Query, actor: Actor, id: number): Promise<ArchitectureView> {
    const described = await describe(query, id)
    const images = await registrationNames(query, actor, { parent: { kind: 'architecture', id } })
    return { ...described, images }
  }

  async function demandSound(trx: Trx, name: string | null, before: Architecture | null): Promise<string> {
    const { complain, demandNone } = violations()
    if (isBlank(name)) complain('name', blank)
    if (isTooLong(name)) complain('name', tooLong)
    if (name && /\s/.test(name) && name !== before?.name) complain('name', "can't contain spaces.")
    const twin = await trx
      .selectFrom('architectures')
      .select('id')
      .where('name', '=', name ?? '')
      .where('id', '<>', before?.id ?? 0)
      .executeTakeFirst()
    if (twin) complain('name', taken)
    demandNone('architecture', before?.id)
    return name!
  }

  /** Writes the association; true when it changed. */
  async function assign(trx: Trx, id: number, ids: readonly number[] | undefined): Promise<boolean> {
    if (ids === undefined) return false
    const wanted = await demandKnown(trx, 'operating_systems', ids)
    const present = (await systemsOf(trx, id)).map((one) => one.id)
    if (sameIds(present, wanted)) return false
    await trx.deleteFrom('operating_system_architectures').where('architecture_id', '=', id).execute()
    for (const system of wanted)
      await trx
        .insertInto('operating_system_architectures')
        .values({ operating_system_id: system, architecture_id: id })
        .execute()
    return true
  }

  return {
    /** @throws Failure `forbidden`, `invalid` (unknown field). */
    async list(actor: Actor, query: ArchitectureListing): Promise<Architecture[]> {
      demandPermission(actor, 'place.view')
      const rows = await page(
        selected(database.db, query).selectAll(),
        query,
        searchableArchitectures,
        engine,
      ).execute()
      return rows.map(toArchitecture)
    },

    async count(actor: Actor, query: ArchitectureListing): Promise<number> {
      demandPermission(actor, 'place.view')
      const { total } = await page(
        selected(database.db, query).select((select) => select.fn.countAll<number>().as('total')),
        query.filter ? { filter: query.filter } : {},
        searchableArchitectures,
        engine,
      ).executeTakeFirstOrThrow()
      return Number(total)
    },

    /** @throws Failure `forbidden`, `not-found`. */
    async view(actor: Actor, id: number): Promise<ArchitectureView> {
      demandPermission(actor, 'place.view')
      return viewOf(database.db, actor, id)
    },

    /** As `view`, but without its registrations, of which there can be very many. @throws Failure `forbidden`, `not-found`. */
    async describe(actor: Actor, id: number): Promise<DescribedArchitecture> {
      demandPermission(actor, 'place.view')
      return describe(database.db, id)
    },

    /** How many operating systems each of these has, by their ids. @throws Failure `forbidden`. */
    async systemCounts(actor: Actor, ids: readonly number[]): Promise<ReadonlyMap<number, number>> {
      demandPermission(actor, 'place.view')
      const rows = await database.db
        .selectFrom('operating_system_architectures')
        .select((select) => ['architecture_id', select.fn.countAll<number>().as('total')])
        .where('architecture_id', 'in', padded([0, ...ids]))
        .groupBy('architecture_id')
        .execute()
      const counts = new Map(rows.map(({ architecture_id, total }) => [architecture_id, Number(total)]))
      return new Map(ids.map((id) => [id, counts.get(id) ?? 0]))
    },

    /** @throws Failure `forbidden`, `invalid` (with `fields`, or reason `association`). */
    async create(actor: Actor, draft: ArchitecturePatch): Promise<ArchitectureView> {
      demandPermission(actor, 'manage-directory')
      return refusingTwins('architecture', 'name', taken, () =>
        database.transaction(async (trx) => {
          const name = await demandSound(trx, draft.name?.trim() ?? null, null)
          const at = now()
          const { id } = await trx
            .insertInto('architectures')
            .values({ name, created_at: at, updated_at: at })
            .returning('id')
            .executeTakeFirstOrThrow()
          await assign(trx, id, draft.operatingSystemIds)
          const after = { name, operatingSystemIds: draft.operatingSystemIds ?? [] }
          await record(trx, actor, { action: 'create', kind: 'architecture', id, after })
          return viewOf(trx, actor, id)
        }),
      )
    },

    /** Changes what is given. @throws Failure `forbidden`, `not-found`, `invalid`. */
    async change(actor: Actor, id: number, patch: ArchitecturePatch): Promise<ArchitectureView> {
      demandPermission(actor, 'manage-directory')
      return refusingTwins('architecture', 'name', taken, () =>
        database.transaction(async (trx) => {
          const before = await find(trx, id)
          const wanted = patch.name === undefined ? before.name : (patch.name?.trim() ?? null)
          const renamed = wanted !== before.name
          if (renamed)
            await trx
              .updateTable('architectures')
              .set({ name: await demandSound(trx, wanted, before), updated_at: now() })
              .where('id', '=', id)
              .execute()
          const reassigned = await assign(trx, id, patch.operatingSystemIds)
          if (renamed || reassigned)
            await record(trx, actor, {
              action: 'update',
              kind: 'architecture',
              id,
              before: renamed ? { name: before.name } : {},
              after: {
                ...(renamed ? { name: wanted } : {}),
                ...(reassigned ? { operatingSystemIds: patch.operatingSystemIds } : {}),
              },
            })
          return viewOf(trx, actor, id)
        }),
      )
    },

    /**
     * Its registrations go with it (foreman.md 3.5).
     * @throws Failure `forbidden`, `not-found`; `conflict` (reason `in-use`) while an image of the catalogue has it.
     */
    async remove(actor: Actor, id: number): Promise<Architecture> {
      demandPermission(actor, 'manage-directory')
      return database.transaction(async (trx) => {
        const architecture = await find(trx, id)
        await demandNoImages(trx, 'architecture_id', id, architecture.name)
        await trx.deleteFrom('architectures').where('id', '=', id).execute()
        await record(trx, actor, { action: 'delete', kind: 'architecture', id, before: architecture })
        return architecture
      })
    },
  }
}

function toArchitecture(row: Selectable<ArchitecturesTable>): Architecture {
  return { id: row.id, name: row.name, createdAt: row.created_at, updatedAt: row.updated_at }
}
