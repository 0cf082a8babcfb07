import type { Core } from '../core.ts'

/** A Foreman location, an OpenStack region, a OneCloudPlanet region. */
export type Location = {
  readonly id: number
  readonly name: string
  readonly description: string
  readonly enabled: boolean
  readonly isDefault: boolean
}

export function locations({ database }: Core) {
  return {
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
