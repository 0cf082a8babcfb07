import type { Actor } from '../actor.ts'
import type { Core } from '../core.ts'
import { Failure } from '../failure.ts'
import { mainProjectId } from '../images/cleanup.ts'

export type Datacenter = { readonly id: number; readonly name: string }

/** Which datacenters somebody may act in (danube.md 4.1). The actor's roles are those of `datacenterRoles`. */
export function datacenterAccess({ database }: Core) {
  const { db } = database

  return {
    /**
     * The datacenter of this name: a public one, one that the actor has a part in, or the one it has chosen before.
     * @throws Failure `not-found`
     */
    async accessible(
      actor: Actor,
      name: string,
      storedId: number | null,
    ): Promise<Datacenter & { readonly label: string }> {
      const row = await db
        .selectFrom('projects')
        .select(['id', 'name', 'label', 'access'])
        .where('name', '=', name)
        .executeTakeFirst()
      const open =
        row && (row.access === 'public' || row.id === (storedId ?? mainProjectId) || actor.roles.has(row.id))
      if (!row || !(open || actor.superAdmin))
        throw new Failure('not-found', `No datacenter found with name ${name}`, {
          subject: 'project',
          id: name,
        })
      return { id: row.id, name: row.name, label: row.label }
    },

    /** The one that a user has chosen before; `main` for who has chosen none. */
    async current(storedId: number | null): Promise<Datacenter> {
      const rows = await db
        .selectFrom('projects')
        .select(['id', 'name'])
        .where('id', 'in', [storedId ?? mainProjectId, mainProjectId])
        .execute()
      const row = rows.find(({ id }) => id === storedId) ?? rows.find(({ id }) => id === mainProjectId)
      return row ?? { id: mainProjectId, name: 'main' }
    },
  }
}
