import type { ImportMethod } from '../import-method.ts'

/** What the task `import-image` carries. */
export type StoreImportPayload = {
  /** The request as it was sent, for those who look at the task. */
  readonly request: unknown
  readonly method: ImportMethod
  /** The stores that this import fills. */
  readonly stores: readonly string[]
  /** One that fails makes the import fail. */
  readonly allMustSucceed: boolean
  /** For `web-download`. */
  readonly url?: string
  /** For `glance-download`. */
  readonly other?: { readonly endpoint: string | null; readonly imageId: string }
  /** The token for it, encrypted; goes with the end of the task (tasks/close.ts). */
  readonly sealed?: string
  /** What of the source's description was taken over, and what the image said before, so that a failure can give it back. */
  readonly taken?: { readonly before: Described; readonly after: Described }
}

/** What `glance-download` takes over of an image. Null: there is no such property. */
export type Described = {
  readonly diskFormat: string | null
  readonly containerFormat: string | null
  readonly properties: Readonly<Record<string, string | null>>
}
