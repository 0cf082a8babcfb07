import type { WireTask } from './wire.ts'

/** A task with what people call those that it has to do with. */
export type WireTaskItem = WireTask & {
  /** What it works on: the handle of an image, the name of a snapshot. */
  readonly subject: string | null
  /** What its progress counts; null: it has none to tell. */
  readonly unit: 'bytes' | 'contents' | null
  /** Null: Imageport itself, or somebody who is gone. */
  readonly username: string | null
  readonly face: string
  readonly project: { readonly id: number; readonly name: string } | null
  /** Of the image named by `image`, where it is there and the caller may see it. */
  readonly imageName: string | null
  readonly requestId: string | null
}

export type WireTaskPage = {
  readonly tasks: readonly WireTaskItem[]
  /** Over all pages; with `more` there are more than that. */
  readonly total: number
  readonly more: boolean
}

export type WireTaskLogEntry = {
  readonly at: string
  readonly state: string
  readonly username: string
  /** What is done, in English, as Danube's task log tells it; `detail` is `key='value'` pairs or an outcome. */
  readonly message: string
  readonly detail: string
}

/** What somebody did to the task, such as `cancel`. */
export type WireTaskDeed = {
  readonly at: string
  readonly action: string
  readonly username: string
  readonly face: string
}

export type WireTaskLog = {
  readonly entries: readonly WireTaskLogEntry[]
  readonly deeds: readonly WireTaskDeed[]
}
