import { type RawBuilder, type SqlBool, sql } from 'kysely'
import type { Actor } from '../actor.ts'
import type { Query } from '../core.ts'
import { Failure } from '../failure.ts'
import type { ImageDraft } from '../images/draft.ts'
import { normaliseUuid } from '../images/find.ts'
import type { TaskState } from '../tasks/task.ts'
import { day, now } from '../time.ts'

/** An upload that makes no progress for so long ends, and so does the record of one that is complete. */
export const keptFor = day

/**
 * `open`: bytes are missing. `assembling`: they are being put together, inspected and stored. `failed`: that could not be
 * done.
 */
export type UploadState = 'open' | 'assembling' | 'done' | 'failed'

/** Bytes of an image that are sent piece by piece. Whoever began it, and nobody else, knows of it. */
export type Upload = {
  readonly id: string
  /** Of the image that it fills, or that it makes when it is complete. */
  readonly imageUuid: string
  readonly state: UploadState
  /** Bytes, in all and so far. */
  readonly length: number
  readonly received: number
  /** What the sender said of it, in the words of its wire. */
  readonly metadata: string
  readonly taskId: string | null
  /** Bytes that have been put together, in state `assembling`. */
  readonly assembled: number
  readonly failure: string | null
  /** In state `failed`: are the bytes there still, so that it can be tried again without sending them? */
  readonly canRetry: boolean
  readonly createdAt: number
  readonly expiresAt: number
}

/** An upload as the operations on it need it. */
export type HeldUpload = Upload & {
  readonly ownerId: number | null
  /** Null: the image was there before. */
  readonly draft: ImageDraft | null
}

const hasParts: RawBuilder<SqlBool> = sql`exists (select 1 from upload_parts where upload_id = uploads.id)`

/** Of uploads with their tasks: does it take room in the store that no image's size tells of? */
export const takesRoom: RawBuilder<SqlBool> = sql`(uploads.task_id is null
  or (coalesce(tasks.state, 'failed') in ('failed', 'cancelled') and ${hasParts}))`

function select(query: Query) {
  return query
    .selectFrom('uploads')
    .leftJoin('tasks', 'tasks.id', 'uploads.task_id')
    .selectAll('uploads')
    .select(['tasks.state as task_state', 'tasks.progress', 'tasks.failure', hasParts.as('has_parts')])
}
type Row = Awaited<ReturnType<ReturnType<typeof select>['execute']>>[number]

function toUpload(row: Row): HeldUpload {
  const state = stateOf(row)
  return {
    id: row.id,
    imageUuid: row.image_uuid,
    state,
    length: row.length,
    received: row.received,
    metadata: row.metadata,
    taskId: row.task_id,
    assembled: row.progress ?? 0,
    failure: row.failure,
    canRetry: state === 'failed' && Boolean(row.has_parts),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    ownerId: row.owner_id,
    draft: row.draft_json === null ? null : JSON.parse(row.draft_json),
  }
}

function stateOf({ task_id, task_state }: Row): UploadState {
  if (task_id === null) return 'open'
  const state = task_state as TaskState | null
  if (state === 'succeeded') return 'done'
  return state === 'pending' || state === 'running' ? 'assembling' : 'failed'
}

/**
 * An upload of the actor's.
 * @throws Failure `not-found` (absent, or somebody else's), `gone` (it has expired)
 */
export async function findUpload(query: Query, actor: Actor, id: string): Promise<HeldUpload> {
  const row = await select(query)
    .where('uploads.id', '=', normaliseUuid(id) ?? '')
    .where('uploads.user_id', actor.userId === null ? 'is' : '=', actor.userId)
    .executeTakeFirst()
  if (!row) throw new Failure('not-found', `No upload found with ID ${id}`, { subject: 'upload', id })
  const upload = toUpload(row)
  if (upload.expiresAt < now() && upload.state !== 'assembling') throw expired(id)
  return upload
}

/** The actor's uploads, the newest first. */
export async function listUploads(
  query: Query,
  actor: Actor,
  page: { readonly offset: number; readonly limit: number },
): Promise<HeldUpload[]> {
  const rows = await select(query)
    .where('uploads.user_id', actor.userId === null ? 'is' : '=', actor.userId)
    .where('uploads.expires_at', '>=', now())
    .orderBy('uploads.created_at', 'desc')
    .orderBy('uploads.id', 'desc')
    .limit(page.limit)
    .offset(page.offset)
    .execute()
  return rows.map(toUpload)
}

export function expired(id: string): Failure {
  return new Failure('gone', `Upload ${id} has expired.`, { subject: 'upload', id, reason: 'expired' })
}
