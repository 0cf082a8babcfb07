import type { Core } from '../core.ts'
import { fold } from '../fold.ts'
import { now } from '../time.ts'
import { builtIn, demandUnused } from './in-use.ts'
import { tree } from './trees/operations.ts'
import { locationsOf } from './visibility.ts'

/** A Foreman location, an OpenStack region, a OneCloudPlanet region. */
export type Location = {
  readonly id: number
  readonly name: string
  readonly description: string
  readonly enabled: boolean
  readonly isDefault: boolean
}

export function locations(core: Core, changed: () => void) {
  const { database } = core
  return {
    ...tree(
      core,
      {
        table: 'locations',
        subject: 'location',

        own: async (query, actor) => (actor.superAdmin ? null : locationsOf(query, actor)),

        async insert(trx, { name, description, parentId }) {
          const at = now()
          const first =
            (await trx.selectFrom('locations').select('id').limit(1).executeTakeFirst()) === undefined
          const { id } = await trx
            .insertInto('locations')
            .values({
              name,
              name_fold: fold(name),
              description,
              parent_id: parentId,
              enabled: 1,
              is_default: first ? 1 : 0,
              created_at: at,
              updated_at: at,
            })
            .returning('id')
            .executeTakeFirstOrThrow()
          return id
        },

        // Images are sorted by their region's name, which their rows therefore hold in folded form.
        async renamed(trx, id, name) {
          await trx
            .updateTable('images')
            .set({ region_fold: fold(name) })
            .where('location_id', '=', id)
            .execute()
        },

        async release(trx, { id, name }) {
          const { is_default } = await trx
            .selectFrom('locations')
            .select('is_default')
            .where('id', '=', id)
            .executeTakeFirstOrThrow()
          // New images are put somewhere.
          if (is_default === 1) throw builtIn(name)
          await demandUnused(trx, { id, name }, { image: 'location_id', instance: 'location_id' })
          // Records of deleted images stay, without their place.
          await trx
            .updateTable('images')
            .set({ location_id: null, region_fold: '' })
            .where('location_id', '=', id)
            .where('deleted', '=', 1)
            .execute()
        },
      },
      changed,
    ),

    /** What the one that new images are put in is called, where OpenStack's clients look for services by region. */
    async region(): Promise<string> {
      const usual = await database.db
        .selectFrom('locations')
        .select('name')
        .where('is_default', '=', 1)
        .executeTakeFirst()
      return usual?.name ?? 'RegionOne'
    },

    /** All of them (there are few), by id. Every signed-in caller may know them. */
    async all(): Promise<Location[]> {
      const rows = await database.db.selectFrom('locations').selectAll().orderBy('id').execute()
      return rows.map((row) => ({
        id: row.id,
        name: row.name,
        description: row.description,
        enabled: row.enabled === 1,
        isDefault: row.is_default === 1,
      }))
    },
  }
}
