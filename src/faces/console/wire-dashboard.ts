/** `GET dashboard`: numbers of what the caller may see. */

export type WireShare = { readonly name: string; readonly images: number }

export type WireDashboard = {
  readonly statuses: readonly { readonly status: string; readonly images: number; readonly bytes: number }[]
  /** The name is empty where an image says nothing. */
  readonly formats: readonly WireShare[]
  readonly systems: readonly WireShare[]
  /** ISO dates, the oldest first. */
  readonly days: readonly { readonly day: string; readonly images: number }[]
  readonly activity: readonly WireActivity[]
  /** Only for administrators. */
  readonly space: WireSpace | null
}

export type WireActivity = {
  readonly id: number
  readonly at: string
  readonly username: string
  readonly face: string
  readonly action: string
  readonly image: { readonly uuid: string; readonly name: string }
}

/** Bytes. */
export type WireSpace = {
  /** What is kept in all stores, and what images would take more if each had its own. */
  readonly used: number
  readonly saved: number
  /** Free and total are null where a store cannot tell. */
  readonly stores: readonly {
    readonly name: string
    readonly free: number | null
    readonly total: number | null
  }[]
}
