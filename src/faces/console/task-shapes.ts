import type { AuditEntry } from '../../catalogue/audit.ts'
import type { LogEntry } from '../../catalogue/tasks/history.ts'
import type { TaskNames } from '../../catalogue/tasks/names.ts'
import { movesBytes } from '../../catalogue/tasks/outcome.ts'
import type { Task } from '../../catalogue/tasks/task.ts'
import { iso, toWireTask } from './shapes.ts'
import type { WireTaskItem, WireTaskLog } from './wire-tasks.ts'

export function toWireTaskItem(task: Task, { username, project, image }: TaskNames): WireTaskItem {
  return {
    ...toWireTask(task),
    subject: task.subject,
    unit: movesBytes(task) ? 'bytes' : task.kind === 'verify' ? 'contents' : null,
    username,
    face: task.face,
    project,
    imageName: image && (image.name || image.handle),
    requestId: task.requestId,
  }
}

export function toWireLog(entries: readonly LogEntry[], deeds: readonly AuditEntry[]): WireTaskLog {
  return {
    entries: entries.map(({ at, state, username, message, detail }) => ({
      at: iso(at),
      state,
      username,
      message,
      detail,
    })),
    deeds: deeds.map(({ at, action, username, face }) => ({ at: iso(at), action, username, face })).reverse(),
  }
}
