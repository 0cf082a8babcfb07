import type { WireUpload } from '../../../src/faces/console/wire-uploads.ts'
import type { Activity } from './queue.ts'

/**
 * `unfinished`: the page does not have its file, because it was opened anew. The rest are an activity's phases and the
 * states of the server.
 */
export type ItemState =
  | 'waiting'
  | 'sending'
  | 'paused'
  | 'broken'
  | 'unfinished'
  | 'assembling'
  | 'done'
  | 'failed'

/** An upload as it is shown: what the server knows of it, and what this page does about it. */
export type UploadItem = {
  readonly upload: WireUpload
  readonly state: ItemState
  /** What people call it. */
  readonly name: string
  /** Bytes that are done of the present step, of all that there are. */
  readonly done: number
  readonly speed: number | null
  readonly problem: Error | null
}

export function toItem(upload: WireUpload, activity: Activity | undefined): UploadItem {
  const { metadata, received, assembled, size } = upload
  const isOpen = upload.state === 'open'
  const common = { upload, name: metadata.name || metadata.filename || upload.image }
  if (isOpen && activity)
    return {
      ...common,
      state: activity.phase,
      done: Math.max(activity.sent, 0),
      speed: activity.speed,
      problem: activity.problem,
    }
  if (isOpen) return { ...common, state: 'unfinished', done: received, speed: null, problem: null }
  const done = upload.state === 'done' ? size : assembled
  return { ...common, state: upload.state as ItemState, done, speed: null, problem: null }
}

const ended: readonly ItemState[] = ['done', 'failed']
export const hasEnded = ({ state }: UploadItem): boolean => ended.includes(state)

/** Does the page itself still have to do something about it? Then it must stay. */
export const isBusy = ({ state }: UploadItem): boolean => state === 'waiting' || state === 'sending'

/** In the order of their beginning; what has ended comes last, the latest first. */
export function inOrder(items: readonly UploadItem[]): UploadItem[] {
  const oldestFirst = items.toSorted((a, b) => (a.upload.createdAt < b.upload.createdAt ? -1 : 1))
  return [
    ...oldestFirst.filter((item) => !hasEnded(item)),
    ...oldestFirst.filter((item) => hasEnded(item)).reverse(),
  ]
}
