import { setTimeout as pause } from 'node:timers/promises'
import type { Task } from '../../catalogue/tasks/task.ts'
import { second } from '../../catalogue/time.ts'
import { flag } from './data.ts'
import { permissionDenied, refuse } from './failures.ts'
import { type Answer, bare, begun, type Context, type Route } from './route.ts'
import { parseTaskId, type TaskId, taskIdOf } from './task-id.ts'
import { pendingBody, type StatusBody, statusOf } from './task-status.ts'

/** How long the result of a task is kept. Seconds. */
const keptSeconds = 3600
/** How long `cancel` waits for a running task to let go. Milliseconds. */
const cancelMs = 1_000

/** The id of the path, for one who may follow such a task. @throws Refusal 403, also for what is no id (2.3). */
async function followed(context: Context): Promise<TaskId> {
  const { parts, actor, segment } = context
  const id = parseTaskId(segment('id'))
  if (id === null || !(await parts.catalogue.projects.exists(id.projectId))) throw permissionDenied()
  parts.catalogue.datacenterTasks.demandFollower(actor, id)
  return id
}

/** Only under the very id that we gave out: another type, user or datacenter in it makes it the id of nothing. */
async function taskOf({ parts }: Context, id: TaskId): Promise<Task | undefined> {
  const task = await parts.catalogue.datacenterTasks.find(id.tail)
  if (!task) return undefined
  const own = parseTaskId(taskIdOf(task))!
  const people = own.userId === id.userId && own.ownerId === id.ownerId
  return people && own.projectId === id.projectId && own.type === id.type ? task : undefined
}

const gone = () => refuse(404, 'Task does not exist (anymore)')

function isUnfinished(task: Task | undefined): task is Task {
  return task?.state === 'pending' || task?.state === 'running'
}

/** danube.md 2.2: also of ids that nothing is known of. @throws Refusal 404 for work that was done at once, or long ago */
async function standing(context: Context): Promise<{ http: number; body: StatusBody; task?: Task }> {
  const id = await followed(context)
  if (id.dummy) throw gone()
  const task = await taskOf(context, id)
  if (!task) return { http: 201, body: pendingBody(context.segment('id')) }
  if (task.finishedAt !== null && Date.now() * 1000 - task.finishedAt > keptSeconds * second) throw gone()
  return { ...statusOf(task), task }
}

function told(taskId: string, http: number, body: unknown): Answer {
  return { kind: 'bare', status: http, body, headers: { es_task_id: taskId, es_task_response: 'true' } }
}

/** `es` waits for the end here, too, as for the end of what it has just begun (2.6). */
async function status(context: Context): Promise<Answer> {
  const { http, body, task } = await standing(context)
  if (isUnfinished(task) && context.request.headers['es-stream']) return begun(task.id)
  return told(body.task_id, http, body)
}

async function isDone(context: Context): Promise<Answer> {
  const { http, body } = await standing(context)
  return bare({ task_id: body.task_id, done: body.status === 'SUCCESS' }, http)
}

async function list({ parts, actor, datacenter }: Context): Promise<Answer> {
  const tasks = await parts.catalogue.datacenterTasks.unfinished(actor, datacenter.id)
  return bare(tasks.map((task) => taskIdOf(task)))
}

/** The pending task of the path in the datacenter in force. @throws Refusal 404 */
async function pendingTask(context: Context, id: TaskId): Promise<Task> {
  const task = await taskOf(context, id)
  if (!isUnfinished(task) || task.projectId !== context.datacenter.id)
    throw refuse(404, 'Task does not exist')
  return task
}

/** Kind of task → the view and verb that begin such work, and what its subject is called there. */
const beginnings: Readonly<Record<string, readonly [view: string, method: string, subject: string]>> = {
  'import-url': ['image_manage', 'POST', 'name'],
  'import-image': ['image_manage', 'POST', 'name'],
  'location-import': ['image_manage', 'POST', 'name'],
  'assemble-upload': ['image_manage', 'POST', 'name'],
  'copy-image': ['image_manage', 'POST', 'name'],
  'publish-image': ['image_manage', 'PUT', 'name'],
  'delete-image': ['image_manage', 'DELETE', 'name'],
  'snapshot-image': ['image_snapshot', 'POST', 'name'],
  'create-snapshot': ['vm_snapshot', 'POST', 'snapname'],
  'delete-snapshot': ['vm_snapshot', 'DELETE', 'snapname'],
  'revert-snapshot': ['vm_snapshot', 'PUT', 'snapname'],
  'instance-state': ['vm_status', 'PUT', 'hostname'],
}

async function details(context: Context): Promise<Answer> {
  const task = await pendingTask(context, await followed(context))
  const [view, method, subject] = beginnings[task.kind] ?? [task.kind, 'POST', 'name']
  return bare({
    view,
    method,
    [subject]: task.subject ?? task.imageUuid ?? '',
    time: task.createdAt / second,
    task_id: taskIdOf(task),
  })
}

async function remove(context: Context): Promise<Answer> {
  const { parts, actor, data } = context
  if (!actor.superAdmin) throw permissionDenied()
  const task = await pendingTask(context, await followed(context))
  if (!flag(data, 'force')) throw refuse(406, 'Safe task deletion is not implemented')
  await parts.catalogue.datacenterTasks.stop(actor, task.id)
  return bare('Delete pending')
}

/**
 * Politely or by force comes to the same: work lets go at once, and what it did is taken back. The answer never waits for
 * longer than its second, not for `es` either (2.4).
 */
async function cancel(context: Context): Promise<Answer> {
  const { parts, actor, datacenter } = context
  const { datacenterTasks } = parts.catalogue
  const id = await followed(context)
  datacenterTasks.demandMaster(actor, id)
  const task = id.dummy ? undefined : await taskOf(context, id)
  if (!isUnfinished(task) || task.projectId !== datacenter.id) throw refuse(406, 'Task cannot be canceled')
  await datacenterTasks.stop(actor, task.id)
  const until = Date.now() + cancelMs
  let now: Task | undefined = await taskOf(context, id)
  while (isUnfinished(now) && Date.now() < until) {
    await pause(50)
    now = await taskOf(context, id)
  }
  const { http, body } = statusOf(now ?? task)
  return told(body.task_id, http, body)
}

/** Tasks have ids of their own shape; what is none is refused by the handlers, as danube.md 2.3 has it. */
const segments = { id: /^[A-Za-z0-9-]+$/ }
const common = { scope: 'current', group: 'd', segments } as const

export const taskRoutes: readonly Route[] = [
  { ...common, method: 'GET', path: '/task', summary: 'List pending tasks', handle: list },
  { ...common, method: 'GET', path: '/task/:id', summary: 'Show a pending task', handle: details },
  { ...common, method: 'DELETE', path: '/task/:id', summary: 'Remove a pending task', handle: remove },
  { ...common, method: 'GET', path: '/task/:id/status', summary: 'Show how a task stands', handle: status },
  { ...common, method: 'GET', path: '/task/:id/state', summary: 'Show how a task stands', handle: status },
  { ...common, method: 'GET', path: '/task/:id/done', summary: 'Ask whether a task is done', handle: isDone },
  { ...common, method: 'PUT', path: '/task/:id/cancel', summary: 'Cancel a task', handle: cancel },
]
