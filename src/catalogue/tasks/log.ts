import type { Actor } from '../actor.ts'
import type { Trx } from '../core.ts'
import { withoutSecretsIn } from '../images/without-secrets.ts'
import { now } from '../time.ts'
import type { TaskState } from './task.ts'

/** The kinds of things that the task log speaks of (danube.md 2.5). */
export const objectTypes = [
  'dc',
  'vm',
  'node',
  'nodestorage',
  'subnet',
  'image',
  'imagestore',
  'vmtemplate',
  'iso',
  'domain',
  'user',
  'role',
] as const
export type ObjectType = (typeof objectTypes)[number]

export type LoggedObject = {
  readonly type: ObjectType
  readonly id: string | number
  readonly name: string
  readonly alias: string
  readonly ownerUserId: number | null
}

/** One piece of work as the task log tells it. */
export type Work = {
  /** What is done, such as `Import image`; its first word says whether something is made, changed or deleted. */
  readonly message: string
  /** `key='value'` pairs of what is asked for. */
  readonly detail: string
  readonly object: LoggedObject
  /** The datacenter in which it is done. */
  readonly projectId: number
  /** Is it the datacenter's own affair? Images, repositories and people are not. */
  readonly bound: boolean
}

/** Work that was done at once: one entry, in the transaction of the change. There is no task behind it. */
export async function logDone(
  trx: Trx,
  actor: Actor,
  work: Work,
  state: 'succeeded' | 'failed' = 'succeeded',
): Promise<void> {
  await insert(trx, actor, work, { taskId: doneId(actor), state, dummy: true })
}

/** Work that a task will do. */
export async function logBegun(trx: Trx, actor: Actor, work: Work, taskId: string): Promise<void> {
  await insert(trx, actor, work, { taskId, state: 'pending', dummy: false })
}

/** The end of work that `logBegun` told of, or with a message and flag of its own what came of it; nothing where it did not. */
export async function logEnded(
  trx: Trx,
  taskId: string,
  state: TaskState,
  detail: string,
  flag?: number,
  message?: string,
): Promise<void> {
  const begun = await trx
    .selectFrom('task_log')
    .selectAll()
    .where('task_id', '=', taskId)
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
  if (!begun) return
  const { id: _id, ...row } = begun
  await trx
    .insertInto('task_log')
    .values({
      ...row,
      at: now(),
      state,
      detail: withoutSecretsIn(detail),
      flag: flag ?? row.flag,
      message: message ?? row.message,
    })
    .execute()
}

/** The id under which work that is done at once is told: the request's own. */
export function doneId(actor: Actor): string {
  return actor.requestId?.replace(/^req-/, '') ?? ''
}

async function insert(
  trx: Trx,
  actor: Actor,
  { message, detail, object, projectId, bound }: Work,
  entry: { taskId: string; state: TaskState; dummy: boolean },
): Promise<void> {
  await trx
    .insertInto('task_log')
    .values({
      at: now(),
      task_id: entry.taskId,
      dummy: entry.dummy ? 1 : 0,
      state: entry.state,
      user_id: actor.userId,
      username: actor.username,
      owner_user_id: object.ownerUserId,
      project_id: projectId,
      bound: bound ? 1 : 0,
      object_type: object.type,
      object_id: String(object.id),
      object_name: object.name,
      object_alias: object.alias,
      message,
      // Whoever reads the log need not be whoever may fetch from there.
      detail: withoutSecretsIn(detail),
      flag: flagOf(message),
    })
    .execute()
}

/** 0 other, 1 create, 2 delete, 3 update (danube.md 2.5). */
function flagOf(message: string): number {
  if (/^(Add|Create|Recreate|Import)\b/.test(message)) return 1
  if (/^(Remove|Delete|Invalid)\b/.test(message)) return 2
  return /^(Update|Rollback|Restore|Revert)\b/.test(message) ? 3 : 0
}

/** The flag of what another server was told, or answered. */
export const remoteFlag = 4

/**
 * `key='value'` pairs for a log entry: texts in quotes, booleans in lower case, lists joined with commas, what was not
 * said left out (danube.md 2.5).
 */
export function logDetail(facts: Readonly<Record<string, unknown>>): string {
  return Object.entries(facts)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${shown(value)}`)
    .join(' ')
}

/** With what of its callback could not be understood, which fails no request (danube.md 2.8). */
export function withProblem(detail: string, problem: string | undefined): string {
  return [detail, problem].filter(Boolean).join(' ')
}

function shown(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return String(value)
  return `'${Array.isArray(value) ? value.join(',') : String(value)}'`
}
