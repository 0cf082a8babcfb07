import type { LogEntry, LogFilter } from '../../catalogue/tasks/history.ts'
import { objectTypes } from '../../catalogue/tasks/log.ts'
import type { TaskState } from '../../catalogue/tasks/task.ts'
import { day, parseInstant, toMicros } from '../../catalogue/time.ts'
import { flag } from './data.ts'
import { permissionDenied, Refusal, refuse } from './failures.ts'
import { type Fields, fields } from './fields.ts'
import { type Answer, bare, type Context, type Route } from './route.ts'
import { whole } from './scalars.ts'
import { doneTaskId, taskIdOf } from './task-id.ts'

const pageSize = 100
/** Beyond any log, and an instant that a database can count. Seconds. */
const longest = 1e9
/** Entries of the log that nobody asked a page of. */
const latest = 10

const statuses: Readonly<Record<string, TaskState>> = {
  PENDING: 'pending',
  SUCCESS: 'succeeded',
  FAILURE: 'failed',
  REVOKED: 'cancelled',
}
const statusNames = new Map(Object.entries(statuses).map(([name, state]) => [state as string, name]))

async function log(context: Context): Promise<Answer> {
  const { parts, actor, data, datacenter } = context
  const { taskHistory } = parts.catalogue
  if (data.page === undefined) {
    const page = { offset: 0, limit: latest, descending: true }
    const entries = await taskHistory.list(actor, datacenter.id, {}, page)
    return bare({ results: entries.map(toLatest) })
  }
  const [order] = context.orderBy(['time'], '-time')
  const filter = filterOf(context)
  const count = await taskHistory.count(actor, datacenter.id, filter)
  const last = Math.max(1, Math.ceil(count / pageSize))
  const number = data.page === 'last' ? last : whole(data.page)
  if (number === null || number < 1 || number > last) throw refuse(404, 'Invalid page.')
  const entries = await taskHistory.list(actor, datacenter.id, filter, {
    offset: (number - 1) * pageSize,
    limit: pageSize,
    descending: order!.descending,
  })
  return bare({
    count,
    next: number < last ? linkTo(context, number + 1) : null,
    previous: number > 1 ? linkTo(context, number - 1) : null,
    results: entries.map(toPaged),
  })
}

/** @throws Refusal 400 with the errors alone, as this one view has them (danube.md 2.5) */
function filterOf({ data }: Context): LogFilter {
  const read = fields(data)
  const status = isSaid(data.status) ? read.word('status', Object.keys(statuses)) : undefined
  const objectType = isSaid(data.object_type) ? read.word('object_type', objectTypes) : undefined
  const objectName = isSaid(data.object_name) ? read.text('object_name', { pattern: null }) : undefined
  if (objectName !== undefined && !isSaid(data.object_type))
    read.fail('object_type', 'object_type attribute is required when filtering by object_name.')
  const from = dayOf(data.date_from, 'date_from', read)
  const to = dayOf(data.date_to, 'date_to', read)
  if (read.failed()) throw new Refusal(400, read.errors())
  return {
    ...(status === undefined ? {} : { state: statuses[status]! }),
    ...(objectType === undefined ? {} : { objectType }),
    ...(objectName === undefined ? {} : { objectName }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { before: to + day }),
    running: flag(data, 'show_running'),
  }
}

const isSaid = (value: unknown) => value !== undefined && value !== null && value !== ''

function dayOf(value: unknown, name: string, read: Fields): number | undefined {
  if (!isSaid(value)) return undefined
  const text = String(value).trim()
  const instant = /^\d{4}-\d{1,2}-\d{1,2}$/.test(text)
    ? parseInstant(text.replace(/-(\d)(?=-|$)/g, '-0$1'))
    : null
  if (instant === null) read.fail(name, 'Enter a valid date.')
  return instant ?? undefined
}

function linkTo({ parts, request }: Context, page: number): string {
  const [path = '', query = ''] = request.url.split('?')
  const parameters = new URLSearchParams(query)
  parameters.set('page', String(page))
  return `${parts.origin(request)}${path}?${parameters}`
}

function idOf(entry: LogEntry): string {
  const { taskId, dummy, userId, ownerUserId, projectId, bound } = entry
  const group = bound ? 'd' : 'u'
  if (!dummy) return taskIdOf({ id: taskId, kind: '', userId, ownerUserId, projectId }, group)
  const user = userId ?? 0
  return doneTaskId({ userId: user, ownerId: ownerUserId ?? user, group, projectId, requestId: taskId })
}

const statusOf = ({ state }: LogEntry) => statusNames.get(state) ?? 'PENDING'

/** This list alone writes the zone as an offset. */
function toLatest(entry: LogEntry) {
  return {
    time: toMicros(entry.at).replace('Z', '+00:00'),
    task: idOf(entry),
    status: statusOf(entry),
    task_type: entry.dummy ? 'd' : 'e',
    flag: entry.flag,
    username: entry.username,
    object_type: entry.objectType,
    object_name: entry.objectName,
    object_alias: entry.objectAlias,
    msg: entry.message,
    detail: entry.detail,
  }
}

function toPaged(entry: LogEntry) {
  return {
    time: toMicros(entry.at),
    task: idOf(entry),
    status: statusOf(entry),
    username: entry.username,
    msg: entry.message,
    detail: entry.detail,
    object_name: entry.objectName,
    object_alias: entry.objectAlias,
    object_type: entry.objectType,
    flag: entry.flag,
  }
}

async function stats({ parts, actor, data, datacenter }: Context): Promise<Answer> {
  const { datacenterTasks, taskHistory } = parts.catalogue
  if (!datacenterTasks.isMaster(actor, datacenter.id)) throw permissionDenied()
  const last = data.last === undefined ? 86_400 : whole(data.last)
  if (last === null || last < 0) throw refuse(412, 'Invalid "last" parameter')
  const counts = await taskHistory.counts(actor, datacenter.id, Math.min(last, longest))
  return bare({ _last: last, ...counts })
}

export const taskLogRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/task/log',
    summary: 'Read the task log',
    scope: 'current',
    group: 'd',
    handle: log,
  },
  {
    method: 'GET',
    path: '/task/log/stats',
    summary: 'Count the entries of the task log',
    scope: 'current',
    group: 'd',
    handle: stats,
  },
]
