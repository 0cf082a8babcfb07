/** The installation, for administrators. */

/** `GET settings`: what is in force, secrets left out. */
export type WireSettings = { readonly settings: readonly WireSetting[] }

export type WireSetting = {
  /** Its variable. */
  readonly name: string
  /** Null: none, or off. Of a secret only whether it is set. */
  readonly value: string | number | boolean | null | readonly string[]
  readonly secret: boolean
  /** What a number counts: `bytes`, `seconds`, `days`, `requests-per-minute`; null: things, or it is no number. */
  readonly unit: string | null
  /** `environment`, `file` or `default`. */
  readonly from: string
  /** The line of the settings file that says it. */
  readonly place: string | null
}

/** `GET health`. */
export type WireHealth = {
  readonly version: string
  /** `database`, or `store` and its name. */
  readonly parts: readonly { readonly name: string; readonly works: boolean }[]
  readonly stores: readonly WireStoreHealth[]
  readonly processes: readonly WireProcess[]
  readonly tasks: readonly { readonly state: string; readonly count: number }[]
  readonly migrations: readonly { readonly name: string; readonly appliedAt: string }[]
}

export type WireStoreHealth = {
  readonly name: string
  /** New images go there. */
  readonly isDefault: boolean
  readonly readOnly: boolean
  /** Bytes; null where it does not answer or cannot tell. */
  readonly free: number | null
  readonly total: number | null
}

export type WireProcess = {
  readonly id: string
  readonly startedAt: string
  /** When it was last heard of. */
  readonly seenAt: string
  /** False: it was silent for so long that others take over what it held. */
  readonly lives: boolean
  /** It is the one that answers. */
  readonly isThis: boolean
}
