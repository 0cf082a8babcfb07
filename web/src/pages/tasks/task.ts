import type { WireTaskItem } from '../../../../src/faces/console/wire-tasks.ts'

/** The kinds that people have words for. */
export const kinds = [
  'import-url',
  'import-image',
  'location-import',
  'assemble-upload',
  'snapshot-image',
  'copy-image',
  'publish-image',
  'delete-image',
  'create-snapshot',
  'delete-snapshot',
  'revert-snapshot',
  'instance-state',
  'verify',
  'callback',
] as const

export const states = ['pending', 'running', 'succeeded', 'failed', 'cancelled'] as const

export function isOver({ state }: Pick<WireTaskItem, 'state'>): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled'
}

/** Milliseconds from the beginning of the work to its end, or until now; null: it has not begun. */
export function lasted({ startedAt, finishedAt }: WireTaskItem, now: number): number | null {
  if (startedAt === null) return null
  return Math.max(0, (finishedAt === null ? now : Date.parse(finishedAt)) - Date.parse(startedAt))
}

/** Whole percent of what is to be done; null where that is not known. */
export function percentOf({ progress, progressTotal }: WireTaskItem): number | null {
  if (progressTotal === null || progressTotal === 0) return null
  return Math.min(100, Math.floor((progress / progressTotal) * 100))
}
