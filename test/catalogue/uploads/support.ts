import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import type { Actor } from '../../../src/catalogue/actor.ts'
import type { ImageDraft } from '../../../src/catalogue/images/draft.ts'
import { processes } from '../../../src/catalogue/tasks/processes.ts'
import type { Upload } from '../../../src/catalogue/uploads/upload.ts'
import { outbound } from '../../../src/outbound/outbound.ts'
import { assembleUpload } from '../../../src/work/assemble-upload.ts'
import { type Runner, startRunner } from '../../../src/work/runner.ts'
import type { TestCore } from '../../support/core.ts'

export const mib = 1024 ** 2

/** Bytes in chunks as a connection brings them; with `breaksAfter`, the connection breaks after so many. */
export async function* sent(bytes: Uint8Array, { breaksAfter = bytes.length, chunk = 60_000 } = {}) {
  for (let at = 0; at < breaksAfter; at += chunk) yield bytes.subarray(at, Math.min(at + chunk, breaksAfter))
  if (breaksAfter < bytes.length) throw new Error('the connection broke')
}

/** Bytes that no format recognises. */
export function noise(size: number): Buffer {
  const bytes = randomBytes(size)
  bytes.fill(0xff, 0, Math.min(512, size))
  return bytes
}

export type Site = TestCore & {
  readonly eva: Actor
  begin(length: number, draft?: ImageDraft, actor?: Actor): Promise<Upload>
  append(upload: Upload, offset: number, bytes: Uint8Array): Promise<Upload>
  /** Lets a worker do what is to be done, until the upload has ended. */
  settled(upload: Upload): Promise<Upload>
  content(uuid: string): Promise<Buffer>
  /** Keys of everything in the store. */
  keys(): Promise<string[]>
}

export async function siteOf(t: TestCore): Promise<Site> {
  const eva = await t.actor({ main: 'member' })
  const { uploads } = t.catalogue
  return {
    ...t,
    eva,
    begin: (length, draft = { diskFormat: 'raw', containerFormat: 'bare' }, actor = eva) =>
      uploads.begin(actor, { target: { draft }, length, metadata: '' }),
    append: ({ id }, offset, bytes) =>
      uploads.append(eva, id, sent(bytes), { offset, announced: bytes.length }),
    async settled({ id }) {
      const worker = await startWorker(t)
      try {
        for (let n = 0; n < 500; n++) {
          const upload = await uploads.view(eva, id)
          if (upload.state === 'done' || upload.state === 'failed') return upload
          await pause(10)
        }
        return assert.fail('the upload is not settled')
      } finally {
        await worker.stop()
      }
    },
    async content(uuid) {
      const served = await t.catalogue.bytes.serve(eva, await t.catalogue.images.view(eva, uuid))
      // Chunks may be views of one buffer, so each is copied.
      return buffer(
        (async function* () {
          for await (const chunk of served.read()) yield Buffer.from(chunk)
        })(),
      )
    },
    async keys() {
      const found: string[] = []
      for (const { store } of t.core.stores.all) for await (const { id } of store.list()) found.push(id)
      return found.sort()
    },
  }
}

async function startWorker({ core, catalogue }: TestCore): Promise<Runner> {
  const fetcher = outbound({ allow: [] })
  await core.database.db.deleteFrom('processes').where('id', '=', core.processId).execute()
  await processes(core).enter(false)
  const runner = await startRunner(
    [assembleUpload],
    { core, catalogue, outbound: fetcher },
    {
      parallel: 2,
      pollSeconds: 0.05,
      log: () => {},
    },
  )
  return {
    ...runner,
    async stop() {
      await runner.stop()
      await fetcher.close()
    },
  }
}
