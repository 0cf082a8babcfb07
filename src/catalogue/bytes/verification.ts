import { sql } from 'kysely'
import { demandDirectory } from '../access.ts'
import type { Actor } from '../actor.ts'
import { systemActor } from '../actor.ts'
import type { Core } from '../core.ts'
import { isFailure } from '../failure.ts'
import { enqueue } from '../tasks/enqueue.ts'
import { taskChannel } from '../tasks/task.ts'
import { placesOf, storeNamed } from './blobs.ts'

/** What the task `verify` carries: everything, or only the blobs whose sha256 is not known yet. */
export type VerifyPayload = { readonly only?: 'missing-sha256' }

export type Verified = { readonly checked: number; readonly problems: readonly string[] }

export function verification(core: Core) {
  const { database } = core
  const { db } = database

  async function fillSha256(blobId: string, sha256: string): Promise<void> {
    await database.transaction(async (trx) => {
      await trx.updateTable('blobs').set({ sha256 }).where('id', '=', blobId).execute()
      await trx.updateTable('images').set({ sha256 }).where('blob_id', '=', blobId).execute()
    })
  }

  /** Reads one blob in every store that holds it; returns what is wrong with it. */
  async function check(
    blob: { id: string; sha512: string; sha256: string | null },
    signal: AbortSignal,
  ): Promise<string[]> {
    const problems: string[] = []
    for (const { store: name, key } of await placesOf(db, blob.id)) {
      const store = storeNamed(core, name)?.store
      if (!store) {
        problems.push(`${blob.id}: store ${name} is not configured`)
        continue
      }
      try {
        const { digests } = await store.digest(key, ['sha512', 'sha256'], signal)
        if (digests.sha512 !== blob.sha512)
          problems.push(`${blob.id}: the bytes in store ${name} are not what was stored`)
        else if (blob.sha256 === null) await fillSha256(blob.id, digests.sha256!)
      } catch (error) {
        if (!isFailure(error, 'data-lost')) throw error
        // Freed, or taken out of this store, since the places were read.
        const still = db.selectFrom('blob_places').select('key').where('key', '=', key)
        if (await still.executeTakeFirst()) problems.push(`${blob.id}: store ${name} has lost the bytes`)
      }
    }
    return problems
  }

  return {
    /** Begins to read all bytes again and compare them with their digests. @returns the task's id */
    async begin(actor: Actor): Promise<string> {
      demandDirectory(actor)
      const payload: VerifyPayload = {}
      const id = await database.transaction((trx) => enqueue(trx, actor, { kind: 'verify', payload }))
      await database.notify(taskChannel)
      return id
    },

    /** The work of the task: blob by blob in the order of their ids, so that nothing is held in memory. */
    async run(
      { only }: VerifyPayload,
      signal: AbortSignal,
      progress: (done: number, total: number | null) => void,
    ): Promise<Verified> {
      const blobs = only ? db.selectFrom('blobs').where('sha256', 'is', null) : db.selectFrom('blobs')
      const { total } = await blobs.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
      const problems: string[] = []
      let checked = 0
      let last = ''
      for (;;) {
        const blob = await blobs
          .select(['id', 'sha512', 'sha256'])
          .where('id', '>', last)
          .orderBy('id')
          .limit(1)
          .executeTakeFirst()
        if (!blob) return { checked, problems }
        problems.push(...(await check(blob, signal)))
        last = blob.id
        progress(++checked, Number(total))
      }
    },
  }
}

/** Has the missing sha256 digests filled in, when there are any and nobody is at it (one-catalogue.md section 2). */
export async function enqueueDigests({ database }: Core): Promise<void> {
  const missing = await database.db
    .selectFrom('blobs')
    .select('id')
    .where('sha256', 'is', null)
    .limit(1)
    .executeTakeFirst()
  if (!missing) return
  const payload: VerifyPayload = { only: 'missing-sha256' }
  const enqueued = await database.transaction(async (trx) => {
    const busy = await trx
      .selectFrom('tasks')
      .select('id')
      .where('kind', '=', 'verify')
      .where('state', 'in', ['pending', 'running'])
      .limit(1)
      .executeTakeFirst()
    if (busy) return false
    await enqueue(trx, systemActor, { kind: 'verify', payload })
    return true
  })
  if (enqueued) await database.notify(taskChannel)
}
