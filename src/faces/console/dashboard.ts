import type { FastifyInstance } from 'fastify'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { WireDashboard, WireSpace } from './wire-dashboard.ts'

const activitiesShown = 12
/** Counting all blobs takes a while; it is done once in so many milliseconds. */
const spaceFresh = 10_000

/** What the first page shows. */
export async function dashboardRoutes(app: FastifyInstance, catalogue: Catalogue): Promise<void> {
  const { overview } = catalogue
  let space: { readonly until: number; readonly value: Promise<WireSpace> } | undefined

  app.get('/dashboard', async ({ actor }): Promise<WireDashboard> => {
    const [{ days, ...shares }, activity] = await Promise.all([
      overview.of(actor),
      overview.activity(actor, activitiesShown),
    ])
    return {
      ...shares,
      days: days.map(({ at, images }) => ({ day: iso(at).slice(0, 10), images })),
      activity: activity.map(({ imageUuid: uuid, imageName: name, at, ...rest }) => ({
        ...rest,
        at: iso(at),
        image: { uuid, name },
      })),
      space: actor.superAdmin ? await freshSpace() : null,
    }
  })

  function freshSpace(): Promise<WireSpace> {
    const at = Date.now()
    if (!space || space.until < at) {
      const value = spaceOf(catalogue)
      space = { until: at + spaceFresh, value }
      value.catch(() => {
        space = undefined
      })
    }
    return space.value
  }
}

async function spaceOf({ statistics }: Catalogue): Promise<WireSpace> {
  const { bytes, deduplicated } = await statistics.blobs()
  const stores = await Promise.all(
    statistics.stores().map(async ({ name, space }) => {
      // A store that does not answer is told by the page of health; the numbers of the others are still worth seeing.
      const found = await space().catch(() => null)
      return { name, free: found?.freeBytes ?? null, total: found?.totalBytes ?? null }
    }),
  )
  return { used: bytes, saved: deduplicated, stores }
}

function iso(instant: number): string {
  return new Date(Math.floor(instant / 1000)).toISOString()
}
