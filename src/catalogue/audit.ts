import type { Insertable } from 'kysely'
import { preparedInsert } from '../database/prepared.ts'
import type { Database } from '../database/schema.ts'
import { permitted } from './access.ts'
import type { Actor } from './actor.ts'
import type { Core, Query, Trx } from './core.ts'
import { Failure } from './failure.ts'
import type { Image } from './images/image.ts'
import { now } from './time.ts'

export type AuditEntry = {
  readonly id: number
  readonly at: number
  readonly userId: number | null
  readonly username: string
  readonly projectId: number | null
  readonly face: string
  readonly requestId: string | null
  readonly action: string
  readonly subjectKind: string
  readonly subjectId: string
  readonly before: unknown
  readonly after: unknown
}

/** What a write did to what. `before` and `after` hold the facts that changed; never a secret. */
export type Deed = {
  readonly action: string
  readonly kind: string
  readonly id: string | number
  readonly before?: unknown
  readonly after?: unknown
}

/** Writes the audit entry; always in the transaction of the change itself. */
export async function record(trx: Trx, actor: Actor, deed: Deed): Promise<void> {
  await insertEntry(trx, {
    at: now(),
    user_id: actor.userId,
    username: actor.username,
    project_id: actor.projectId,
    face: actor.face,
    request_id: actor.requestId,
    action: deed.action,
    subject_kind: deed.kind,
    subject_id: String(deed.id),
    before_json: deed.before === undefined ? null : JSON.stringify(deed.before),
    after_json: deed.after === undefined ? null : JSON.stringify(deed.after),
  })
}

type EntryRow = Omit<Insertable<Database['audit']>, 'id'>

const insertEntry = preparedInsert((query: Query, row: EntryRow) => query.insertInto('audit').values(row))

/** The keys in which two descriptions differ, with their values on both sides. */
export function difference<T extends object>(before: T, after: T): { before: Partial<T>; after: Partial<T> } {
  const sides: { before: Partial<T>; after: Partial<T> } = { before: {}, after: {} }
  for (const key of Object.keys(after) as (keyof T)[]) {
    if (JSON.stringify(before[key]) === JSON.stringify(after[key])) continue
    sides.before[key] = before[key]
    sides.after[key] = after[key]
  }
  return sides
}

export type HistoryPage = { readonly before?: number; readonly limit: number }

export function audit({ database }: Core) {
  /** The history of one thing, newest first. Callers have checked that the actor may see it. */
  async function history(kind: string, id: string, page: HistoryPage): Promise<AuditEntry[]> {
    let query = database.db
      .selectFrom('audit')
      .selectAll()
      .where('subject_kind', '=', kind)
      .where('subject_id', '=', id)
    if (page.before !== undefined) query = query.where('id', '<', page.before)
    const rows = await query.orderBy('id', 'desc').limit(page.limit).execute()
    return rows.map((row) => ({
      id: row.id,
      at: row.at,
      userId: row.user_id,
      username: row.username,
      projectId: row.project_id,
      face: row.face,
      requestId: row.request_id,
      action: row.action,
      subjectKind: row.subject_kind,
      subjectId: row.subject_id,
      before: row.before_json === null ? null : JSON.parse(row.before_json),
      after: row.after_json === null ? null : JSON.parse(row.after_json),
    }))
  }

  return {
    history,

    /**
     * The history of an image that the actor sees, newest first, for those who belong to its project: it tells with whom
     * else it is shared, and who does what there.
     * @throws Failure `forbidden` (reason `owner`)
     */
    async ofImage(actor: Actor, image: Image, page: HistoryPage): Promise<AuditEntry[]> {
      if (!permitted(actor, 'image.view', image.ownerId))
        throw new Failure('forbidden', 'Only the project of an image sees its history.', {
          subject: 'image',
          id: image.uuid,
          reason: 'owner',
        })
      return history('image', image.uuid, page)
    },
  }
}
