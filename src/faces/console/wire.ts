/**
 * The console API under `/ui/api/v1`: what goes over the wire, for its clients. JSON in camelCase; instants are
 * ISO 8601 in UTC with milliseconds, sizes are bytes, `minDisk` is GB, `minRam` is MB. Types only: the command line
 * and the web console are built on this file and on nothing else of the server.
 */

/** Every answer that is no success. */
export type WireError = {
  readonly error: {
    /** A code of the catalogue's closed list, or `internal`. */
    readonly code: string
    /** For people. */
    readonly message: string
    readonly detail: {
      readonly reason?: string
      readonly subject?: string
      readonly id?: string
      readonly status?: string
      readonly retryAfterSeconds?: number
      readonly fields?: Readonly<Record<string, readonly string[]>>
    }
  }
}

export type WireProjectName = { readonly id: number; readonly name: string; readonly label: string }

export type WireImage = {
  readonly uuid: string
  readonly handle: string
  readonly name: string
  readonly status: string
  readonly visibility: string
  readonly type: string
  readonly project: WireProjectName | null
  readonly region: string
  readonly diskFormat: string | null
  readonly containerFormat: string | null
  readonly size: number | null
  readonly virtualSize: number | null
  readonly md5: string | null
  readonly sha1: string | null
  readonly sha256: string | null
  readonly sha512: string | null
  readonly minDisk: number
  readonly minRam: number
  readonly protected: boolean
  readonly hidden: boolean
  readonly tags: readonly string[]
  readonly properties: Readonly<Record<string, string>>
  /** Why it is `killed`, or why the last transfer failed. */
  readonly failure: string | null
  readonly createdAt: string
  readonly updatedAt: string
  readonly publishedAt: string | null
  readonly cleanupAt: string | null
}

export type WireImageList = { readonly images: readonly WireImage[]; readonly total: number }

/** Body of `POST images`; everything may be left out. */
export type WireImageDraft = {
  readonly uuid?: string
  readonly handle?: string
  readonly name?: string
  /** The name of the owner project; the caller's own when it is not said. */
  readonly project?: string
  readonly visibility?: string
  readonly region?: string
  readonly diskFormat?: string | null
  readonly containerFormat?: string | null
  readonly minDisk?: number
  readonly minRam?: number
  readonly protected?: boolean
  readonly hidden?: boolean
  readonly tags?: readonly string[]
  readonly properties?: Readonly<Record<string, string>>
}

/** Body of `PATCH images/ID`: what is absent stays. A property with the value null is removed. */
export type WireImagePatch = Omit<WireImageDraft, 'uuid' | 'handle' | 'properties'> & {
  readonly addTags?: readonly string[]
  readonly removeTags?: readonly string[]
  readonly properties?: Readonly<Record<string, string | null>>
}

/** Body of `POST imports`: an image whose bytes the server fetches. At most one digest. */
export type WireImport = WireImageDraft & {
  readonly url: string
  readonly md5?: string
  readonly sha1?: string
  readonly sha256?: string
  readonly sha512?: string
}

export type WireImportStarted = { readonly image: WireImage; readonly task: WireTask }

export type WireTask = {
  readonly id: string
  readonly kind: string
  readonly image: string | null
  readonly state: string
  /** Bytes or steps, of `progressTotal` where that is known. */
  readonly progress: number
  readonly progressTotal: number | null
  readonly result: unknown
  readonly failure: string | null
  readonly attempts: number
  readonly cancelRequested: boolean
  readonly createdAt: string
  readonly startedAt: string | null
  readonly finishedAt: string | null
}

export type WireTaskList = { readonly tasks: readonly WireTask[] }

/** The result of a task of the kind `verify`. */
export type WireVerified = { readonly checked: number; readonly problems: readonly string[] }

export type WireRole = { readonly project: string; readonly role: string }

export type WireUser = {
  readonly id: number
  readonly uuid: string
  readonly username: string
  readonly firstName: string
  readonly lastName: string
  readonly email: string
  readonly superAdmin: boolean
  readonly enabled: boolean
  readonly apiAccess: boolean
  readonly defaultProject: string | null
  /** Own roles and those of the user's groups. */
  readonly roles: readonly WireRole[]
  readonly createdAt: string
  readonly updatedAt: string
}

export type WireUserList = { readonly users: readonly WireUser[]; readonly total: number }

/** Body of `PATCH users/NAME`; `POST users` has `username` besides. */
export type WireUserChange = {
  readonly password?: string
  readonly firstName?: string
  readonly lastName?: string
  readonly email?: string
  readonly superAdmin?: boolean
  readonly enabled?: boolean
  readonly apiAccess?: boolean
  readonly defaultProject?: string
  readonly grant?: readonly WireRole[]
  readonly revoke?: readonly WireRole[]
}

export type WireToken = {
  readonly id: number
  readonly label: string
  readonly createdAt: string
  readonly expiresAt: string | null
  /** Addresses and CIDRs it may be used from; none: from anywhere. */
  readonly networks: readonly string[]
}

export type WireTokenList = { readonly tokens: readonly WireToken[]; readonly total: number }

/** Body of `POST users/NAME/tokens`. */
export type WireTokenDraft = {
  readonly label?: string
  readonly lifeSeconds?: number | null
  readonly networks?: readonly string[]
}

/** The only time that a token's text is shown. */
export type WireNewToken = WireToken & { readonly token: string }

export type WireProject = WireProjectName & {
  readonly uuid: string
  readonly description: string
  readonly access: string
  readonly enabled: boolean
  readonly quotaBytes: number | null
  readonly quotaImages: number | null
  /** Bytes that may wait to be imported. */
  readonly quotaStagedBytes: number | null
  /** Images whose bytes may be on their way at once. */
  readonly quotaUploads: number | null
  readonly createdAt: string
  readonly updatedAt: string
  readonly usedBytes: number
  readonly usedImages: number
  readonly usedStagedBytes: number
  readonly usedUploads: number
}

export type WireProjectList = { readonly projects: readonly WireProject[]; readonly total: number }

/** Body of `PATCH projects/NAME`; `POST projects` has `name` besides, and may have `id`. */
export type WireProjectChange = {
  readonly label?: string
  readonly description?: string
  readonly access?: string
  readonly enabled?: boolean
  readonly quotaBytes?: number | null
  readonly quotaImages?: number | null
  readonly quotaStagedBytes?: number | null
  readonly quotaUploads?: number | null
}

export type WireHistoryEntry = {
  readonly id: number
  readonly at: string
  readonly username: string
  readonly face: string
  readonly requestId: string | null
  readonly action: string
  readonly before: unknown
  readonly after: unknown
}

export type WireHistory = { readonly entries: readonly WireHistoryEntry[] }

export type WireApplied = { readonly applied: readonly { readonly what: string; readonly did: string }[] }

/** Body of `POST session`; the session itself is a cookie. */
export type WireLogin = { readonly username: string; readonly password: string }

/**
 * `proof` goes along as `x-imageport-session` with everything but GET. `position` is where the stream of events is now: whoever
 * listens from there on hears of everything that changes after what is asked for after this.
 */
export type WireSession = WireWhoami & { readonly proof: string; readonly position: number }

export type WireWhoami = {
  readonly username: string
  readonly superAdmin: boolean
  /** Where new images go when no project is named. */
  readonly project: string | null
  readonly roles: readonly WireRole[]
  /** The server's version. */
  readonly version: string
}
