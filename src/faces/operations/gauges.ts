import { Gauge, type Registry } from 'prom-client'
import { cached, within } from '../../catalogue/cached.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { Readiness } from '../../catalogue/readiness.ts'

/** For how long numbers count, and how long a scrape waits for new ones. Milliseconds. */
const fresh = 5_000
const patience = 3_000
/** Blobs are counted row by row, so less often. */
const blobsFresh = 60_000

/**
 * Gauges of what the database and the stores know. What cannot be asked now is left out of the scrape instead of being
 * told from memory. The returned function fills them.
 */
export function installationGauges(
  registry: Registry,
  { statistics }: Pick<Catalogue, 'statistics'>,
  readiness: () => Promise<Readiness>,
): () => Promise<void> {
  const gauge = (name: string, help: string, ...labelNames: string[]) =>
    new Gauge({ name: `imageport_${name}`, help, labelNames, registers: [registry] })

  const up = gauge('part_up', 'Whether a part (the database, each store) can be used: 1 or 0.', 'part')
  const images = gauge('images', 'Images by status.', 'status')
  const imageBytes = gauge(
    'image_bytes',
    'Bytes of images by status, shared ones counted each time.',
    'status',
  )
  const tasks = gauge('tasks', 'Tasks by state.', 'state')
  const blobs = gauge('blobs', 'Different contents that are kept.')
  const blobBytes = gauge('blob_bytes', 'Bytes that the different contents take.')
  const deduplicated = gauge(
    'deduplicated_bytes',
    'Bytes that are kept once although several images have them.',
  )
  const free = gauge('store_free_bytes', 'Free bytes where a store can tell.', 'store')
  const used = gauge('store_used_bytes', 'Used bytes where a store can tell, by whomever.', 'store')
  const total = gauge('store_total_bytes', 'Size of a store where it can tell.', 'store')

  const groups = [
    group([images, imageBytes], fresh, statistics.images, (found) => {
      for (const { status, count, bytes } of found) {
        images.set({ status }, count)
        imageBytes.set({ status }, bytes)
      }
    }),
    group([tasks], fresh, statistics.tasks, (found) => {
      for (const { state, count } of found) tasks.set({ state }, count)
    }),
    group([blobs, blobBytes, deduplicated], blobsFresh, statistics.blobs, (found) => {
      blobs.set(found.count)
      blobBytes.set(found.bytes)
      deduplicated.set(found.deduplicated)
    }),
    ...statistics.stores().map(({ name: store, space }) => {
      const ask = cached(fresh, space)
      return async () => {
        for (const each of [free, used, total]) each.remove({ store })
        const found = await within(patience, ask()).catch(() => null)
        if (found === null) return
        free.set({ store }, found.freeBytes)
        used.set({ store }, found.totalBytes - found.freeBytes)
        total.set({ store }, found.totalBytes)
      }
    }),
    async () => {
      for (const [part, works] of await readiness()) up.set({ part }, works ? 1 : 0)
    },
  ]
  return async () => {
    await Promise.all(groups.map((fill) => fill()))
  }
}

/** Gauges that are filled from one question. Why one stays unanswered is told by `imageport_part_up`. */
function group<T>(
  gauges: readonly Gauge[],
  milliseconds: number,
  question: () => Promise<T>,
  set: (answer: T) => void,
): () => Promise<void> {
  const ask = cached(milliseconds, question)
  return async () => {
    const answer = await within(patience, ask()).catch(() => null)
    for (const gauge of gauges) {
      gauge.reset()
      // A gauge without labels would now say zero, which may be wrong.
      if (answer === null) gauge.remove({})
    }
    if (answer !== null) set(answer)
  }
}
