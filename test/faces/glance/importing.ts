import assert from 'node:assert/strict'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Image } from '../../../src/catalogue/images/image.ts'
import { processes } from '../../../src/catalogue/tasks/processes.ts'
import { filesStore } from '../../../src/store/files.ts'
import type { Store } from '../../../src/store/store.ts'
import { importImage } from '../../../src/work/import-image.ts'
import { type Runner, startRunner } from '../../../src/work/runner.ts'
import type { Ask, Person, Reply, World } from './world.ts'

/** Three stores in directories of their own; the first is the default. */
export const threeStores = (directory: string): Store[] =>
  ['fast', 'bulk', 'cold'].map((name) => filesStore({ name, directory: join(directory, name) }))

/** A worker that carries out imports until it is stopped. */
export async function startImporting({ core, catalogue, outbound }: World): Promise<Runner> {
  await processes(core).enter(true)
  const options = { parallel: 4, pollSeconds: 0.2, log: () => {} }
  return startRunner([importImage], { core, catalogue, outbound }, options)
}

/** How images are imported over HTTP. */
export function importer(world: World) {
  const show = async (id: string, as: Person = 'eva') =>
    (await world.expect('GET', `/images/${id}`, { as }, 200)).body

  return {
    show,

    /** The request, which has to succeed. */
    async begin(id: string, json: object, as: Person = 'eva', headers: Ask['headers'] = {}): Promise<Reply> {
      return world.expect('POST', `/images/${id}/import`, { as, json, headers }, 202)
    },

    /** An image with bytes that wait. */
    async staged(bytes: string | Uint8Array, draft: Parameters<World['image']>[0] = {}): Promise<Image> {
      const image = await world.image(draft)
      await world.expect('PUT', `/images/${image.uuid}/stage`, { as: 'eva', data: bytes }, 204)
      return image
    },

    /** The last task of an image, when all of them have ended. */
    // biome-ignore lint/suspicious/noExplicitAny: compared with what the contract says
    async ended(id: string, as: Person = 'eva'): Promise<any> {
      for (let tries = 0; tries < 500; tries++) {
        const { tasks } = (await world.expect('GET', `/images/${id}/tasks`, { as }, 200)).body
        const isOver = ({ status }: { status: string }) => status === 'success' || status === 'failure'
        if (tasks.length > 0 && tasks.every(isOver)) return tasks.at(-1)
        await pause(10)
      }
      return assert.fail('the import did not end')
    },
  }
}
