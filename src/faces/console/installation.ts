import type { FastifyInstance } from 'fastify'
import { demandDirectory } from '../../catalogue/access.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { iso } from './shapes.ts'
import type { WireHealth, WireSetting, WireSettings } from './wire-settings.ts'

/** Settings and health, for administrators. */
export async function installationRoutes(
  app: FastifyInstance,
  catalogue: Catalogue,
  { version, settings }: { readonly version: string; readonly settings: readonly WireSetting[] },
): Promise<void> {
  app.get('/settings', async ({ actor }): Promise<WireSettings> => {
    // They come from outside of the catalogue, which cannot check this itself.
    demandDirectory(actor)
    return { settings }
  })

  app.get('/health', async ({ actor }): Promise<WireHealth> => {
    const { parts, stores, processes, tasks, migrations } = await catalogue.health.of(actor)
    return {
      version,
      parts,
      stores: stores.map(({ freeBytes: free, totalBytes: total, ...rest }) => ({ ...rest, free, total })),
      processes: processes.map(({ startedAt, seenAt, ...rest }) => ({
        ...rest,
        startedAt: iso(startedAt),
        seenAt: iso(seenAt),
      })),
      tasks,
      migrations: migrations.map(({ name, appliedAt }) => ({ name, appliedAt: iso(appliedAt) })),
    }
  })
}
