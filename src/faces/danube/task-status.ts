import { type StatusBody, statusBodyOf } from '../../catalogue/tasks/danube-status.ts'
import type { Task, TaskState } from '../../catalogue/tasks/task.ts'

export type { Status, StatusBody } from '../../catalogue/tasks/danube-status.ts'

const codes: Readonly<Record<TaskState, number>> = {
  pending: 201,
  running: 201,
  succeeded: 200,
  failed: 400,
  cancelled: 410,
}

/** How a task stands: the HTTP code of its status and the body (danube.md 2.2). */
export function statusOf(task: Task): { readonly http: number; readonly body: StatusBody } {
  return { http: codes[task.state], body: statusBodyOf(task) }
}

/** Also of a valid id that nothing is known of. */
export function pendingBody(task_id: string): StatusBody {
  return { task_id, status: 'PENDING', result: null }
}
