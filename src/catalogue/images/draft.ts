import type { Visibility } from './image.ts'

/** What a caller may say of an image. Absent keys take their defaults on creation and stay as they are on change. */
export type ImageFacts = {
  readonly name: string
  readonly visibility: Visibility
  readonly diskFormat: string | null
  readonly containerFormat: string | null
  readonly minDisk: number
  readonly minRam: number
  readonly protected: boolean
  readonly hidden: boolean
  readonly tags: readonly string[]
  readonly properties: Readonly<Record<string, string>>
  readonly ownerId: number | null
  /** The name of the location; the default location when it is not said. */
  readonly region: string
  readonly version: string | null
  readonly resize: boolean | null
  readonly deploy: boolean | null
  readonly bound: boolean
  readonly attached: boolean
  readonly withdrawn: boolean
  readonly manifest: unknown
  /** The user who is shown as owner where owners are people. */
  readonly creatorId: number | null
}
export type ImagePatch = Partial<ImageFacts>

/** `uuid`, `handle` and the dates are for those who move images here from elsewhere. */
export type ImageDraft = ImagePatch & {
  readonly uuid?: string
  readonly handle?: string
  readonly external?: boolean
  readonly createdAt?: number
  readonly updatedAt?: number
  readonly publishedAt?: number
}
