/** Repositories that speak IMGAPI, and what they offer. */

export type WireRepository = {
  readonly name: string
  readonly url: string
  /** Null: it was never read. */
  readonly refreshedAt: string | null
  readonly imageCount: number
  /** Why the last attempt to read it failed; what was read before is still there. */
  readonly failure: string | null
}

export type WireRepositoryList = { readonly repositories: readonly WireRepository[] }

/** Body of `POST repositories`. */
export type WireRepositoryDraft = { readonly name: string; readonly url: string }

/** An image of a repository, in its own words: any text may be empty. */
export type WireOffer = {
  readonly uuid: string
  readonly name: string
  readonly version: string
  /** Such as `zvol`. */
  readonly type: string
  readonly os: string
  readonly description: string
  /** Of http or https. */
  readonly homepage: string | null
  readonly state: string
  readonly publishedAt: string | null
  /** Bytes that are to be fetched. */
  readonly fileSize: number | null
  /** Bytes of the disk. */
  readonly diskSize: number
  readonly compression: string | null
  /** Is it in the catalogue already? */
  readonly present: boolean
  /** May the caller see it there? */
  readonly visible: boolean
}

export type WireOfferList = { readonly offers: readonly WireOffer[]; readonly total: number }

export type WireOfferDetail = WireOffer & { readonly manifest: unknown }

/** Body of `POST repositories/NAME/images/UUID/import`; what is not said the manifest says. */
export type WireOfferImport = {
  readonly name?: string
  readonly project?: string
  readonly visibility?: string
  readonly tags?: readonly string[]
}
