import { second } from '../time.ts'
import type { FailedResult, Task } from './task.ts'

/** How a piece of image work ended, in the words of danube.md 1.7. */
export type Outcome = {
  /** 0, or one of the worker's codes; programs do not tell them apart. */
  readonly returncode: number
  readonly message: string
  readonly detail?: string
}

/** Kind of task → what it did to which thing. */
const deeds: Readonly<Record<string, string>> = {
  'import-url': 'imported image',
  'location-import': 'imported image',
  'import-image': 'imported image',
  'assemble-upload': 'imported image',
  'copy-image': 'created image',
  'snapshot-image': 'created image',
  'publish-image': 'updated image',
  'delete-image': 'deleted image',
  'create-snapshot': 'created snapshot',
  'delete-snapshot': 'deleted snapshot',
  'revert-snapshot': 'rolled back to snapshot',
  'instance-state': 'changed status of server',
}

/** The kinds that move an image's bytes, and tell how many and how fast. */
const moving: ReadonlySet<string> = new Set([
  'import-url',
  'import-image',
  'location-import',
  'assemble-upload',
  'snapshot-image',
])

/** Is its progress told in bytes? */
export function movesBytes({ kind }: Pick<Task, 'kind'>): boolean {
  return moving.has(kind)
}

/** What people and clients are told of a task that has ended; a cancelled one has no outcome but the word for it. */
export function outcomeOf(task: Task): Outcome | string {
  if (task.state === 'cancelled') return task.startedAt === null ? 'revoked' : 'terminated'
  const detail = workDetail(task)
  if (task.state === 'failed') {
    const failed = task.result as FailedResult | null
    const returncode = codeOf(failed)
    const message = `ERROR: ${sentenceOf(task, failed)}`
    return { returncode, message, detail: detail ?? `Got bad return code (${returncode}). Error: ${message}` }
  }
  const { size, verified } = (task.result ?? {}) as { size?: number; verified?: boolean }
  // Bytes that were here already were only compared with the manifest again.
  const deed = verified ? 'updated image' : (deeds[task.kind] ?? `finished ${task.kind}`)
  const seconds = Math.round(((task.finishedAt ?? 0) - (task.startedAt ?? 0)) / second)
  const transferred =
    moving.has(task.kind) && !verified && size !== undefined
      ? ` (transferred ${size} bytes in ${seconds} seconds)`
      : ''
  const message = `Successfully ${[deed, task.subject].filter(Boolean).join(' ')}${transferred}`
  return { returncode: 0, message, ...(detail === undefined ? {} : { detail }) }
}

/** The log's line about an end. */
export function outcomeText(task: Task): string {
  const outcome = outcomeOf(task)
  return typeof outcome === 'string' ? outcome : outcome.message
}

/** Work on snapshots repeats what it was about (danube.md 4.6). */
function workDetail(task: Task): string | undefined {
  const { detail } = (task.payload ?? {}) as { detail?: unknown }
  return typeof detail === 'string' ? detail : undefined
}

function codeOf(failed: FailedResult | null): number {
  switch (failed?.code) {
    case 'no-space':
    case 'quota':
    case 'too-large':
      return 10
    case 'upstream':
    case 'content':
    case 'interrupted':
      return 8
    case 'invalid':
      return failed.detail.reason === 'digest' || failed.detail.reason === 'length' ? 8 : 2
    case 'conflict':
      return 2
    case 'not-found':
    case 'state':
      return 5
    default:
      return 1
  }
}

function sentenceOf(task: Task, failed: FailedResult | null): string {
  const text = task.failure ?? 'The task failed.'
  if (failed?.code === 'no-space') return 'Not enough free space on image server'
  if (failed?.code === 'upstream') return `Could not download image file (${text})`
  if (failed?.code === 'invalid' && (failed.detail.reason === 'digest' || failed.detail.reason === 'length'))
    return `Image file checksum mismatch (${failed.detail.expected} != ${failed.detail.found})`
  return text
}
