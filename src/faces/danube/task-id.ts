import { createHash } from 'node:crypto'
import { type Group, headOf } from '../../catalogue/tasks/danube-status.ts'

export { type Group, groupOf, taskIdOf } from '../../catalogue/tasks/danube-status.ts'

const rememberedMarkers = 10_000

/** A task id taken apart (danube.md 2.1). */
export type TaskId = {
  /** Who asked for the work. */
  readonly userId: number
  /** d dummy, e executed command, a automatic, m management, i internal, f error. */
  readonly type: string
  /** Who owns the thing worked on. */
  readonly ownerId: number
  readonly group: Group
  readonly projectId: number
  /** 8-4-4-4, lower case: the first four groups of the task's uuid, or of a request's behind the marker. */
  readonly tail: string
  /** Work that was done at once and that nothing is known of. */
  readonly dummy: boolean
}

export type DoneWork = {
  readonly userId: number
  readonly ownerId: number
  readonly group: Group
  readonly projectId: number
  /** The uuid that the answer goes by, with or without `req-` before it (see `doneId`). */
  readonly requestId: string
}

/** The dummy id of work that was done at once. */
export function doneTaskId({ userId, ownerId, group, projectId, requestId }: DoneWork): string {
  const rest = headOf(requestId.replace(/^req-/, '')).split('-').slice(1).join('-')
  return `${userId}d${ownerId}${group}${projectId}-${marker(userId)}-${rest}`
}

/** Null for what is no task id at all. Both ways to group the last part are fine (2.1). */
export function parseTaskId(text: string): TaskId | null {
  const found = /^(\d+)([deamif])(\d+)([du])(\d+)-((?:[0-9A-Za-z]+-){3}[0-9A-Za-z]+)$/.exec(text)
  if (!found) return null
  const [, user, type, owner, group, project, tail] = found as unknown as string[]
  if (!/^(?:.{8}-.{4}-.{4}-.{4}|.{4}-.{4}-.{4}-.{8})$/.test(tail!)) return null
  const [userId, ownerId, projectId] = [Number(user), Number(owner), Number(project)]
  if (![userId, ownerId, projectId].every(Number.isSafeInteger)) return null
  const digits = tail!.replaceAll('-', '').toLowerCase()
  const grouped = [0, 8, 12, 16].map((at, i, starts) => digits.slice(at, starts[i + 1] ?? 20)).join('-')
  const dummy = digits.startsWith(marker(userId))
  return { userId, type: type!, ownerId, group: group as Group, projectId, tail: grouped, dummy }
}

const markers = new Map<number, string>()

/** The last 8 hex digits of the md5 of the user's id, by which dummy ids are known. */
function marker(userId: number): string {
  const known = markers.get(userId)
  if (known !== undefined) return known
  const made = createHash('md5').update(String(userId)).digest('hex').slice(-8)
  // Ids come from callers, too.
  if (markers.size >= rememberedMarkers) markers.clear()
  markers.set(userId, made)
  return made
}
