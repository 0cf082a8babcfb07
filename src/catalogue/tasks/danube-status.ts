import { outcomeOf } from './outcome.ts'
import type { Task } from './task.ts'

/** What others are told of our version: of the series whose interface this is (danube.md 0.5). */
export const danubeVersion = '4.6'

export type Status = 'PENDING' | 'STARTED' | 'SUCCESS' | 'FAILURE' | 'REVOKED'

/** A task as `GET /task/(id)/status` shows it, and as callbacks bring it (danube.md 2.2, 2.8). */
export type StatusBody = { readonly task_id: string; readonly status: Status; readonly result: unknown }

export function statusBodyOf(task: Task): StatusBody {
  const task_id = taskIdOf(task)
  switch (task.state) {
    case 'pending':
      return { task_id, status: 'PENDING', result: null }
    case 'running':
      return { task_id, status: 'STARTED', result: null }
    case 'succeeded':
      return { task_id, status: 'SUCCESS', result: outcomeOf(task) }
    case 'failed':
      return { task_id, status: 'FAILURE', result: outcomeOf(task) }
    case 'cancelled':
      return { task_id, status: 'REVOKED', result: outcomeOf(task) }
  }
}

/** The id of a task in the queue (danube.md 2.1). What Imageport does for itself has user 0. */
export function taskIdOf(
  task: Pick<Task, 'id' | 'kind' | 'userId' | 'ownerUserId' | 'projectId'>,
  group: Group = groupOf(task),
): string {
  const userId = task.userId ?? 0
  const owner = task.ownerUserId ?? userId
  return `${userId}e${owner}${group}${task.projectId ?? 1}-${headOf(task.id)}`
}

/** `d`: bound to a datacenter, `u`: not. */
export type Group = 'd' | 'u'

/** Kinds of work inside of a datacenter; images belong to all of them (2.1, snapshot images included). */
const boundKinds: ReadonlySet<string> = new Set([
  'create-snapshot',
  'delete-snapshot',
  'revert-snapshot',
  'instance-state',
])

export function groupOf({ kind }: Pick<Task, 'kind'>): Group {
  return boundKinds.has(kind) ? 'd' : 'u'
}

/** A uuid without its last group. */
export function headOf(uuid: string): string {
  return uuid.toLowerCase().split('-').slice(0, 4).join('-')
}
