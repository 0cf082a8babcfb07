import type { WireHistoryEntry, WireImage, WireTask } from './wire.ts'

/** What the page of one image shows besides the image. Types only, as in wire.ts. */

/** Answer of `GET images/ID/detail`. */
export type WireImageDetail = {
  readonly image: WireImage
  /** What the caller may do with it, such as `image.update`, whatever state it is in. */
  readonly allowed: readonly string[]
  /** What the caller may ask for besides. */
  readonly sees: { readonly history: boolean; readonly registrations: boolean }
  /** Which stores hold the bytes; empty in an installation with one. */
  readonly stores: readonly string[]
  /** Its bytes are kept by another server. */
  readonly elsewhere: boolean
  /** How its last import into stores went; null: there never was one. */
  readonly import: { readonly importing: readonly string[]; readonly failed: readonly string[] } | null
  /** The work that is being done on it now, where the caller may see that. */
  readonly task: WireTask | null
  /** Null for those who do not belong to the image's project. */
  readonly provenance: WireProvenance | null
}

export type WireDeed = { readonly at: string; readonly username: string; readonly face: string }

export type WireProvenance = {
  readonly made: WireDeed | null
  readonly filled: WireDeed | null
  readonly source: {
    readonly kind: 'upload' | 'url' | 'repository' | 'glance' | 'location' | 'copy' | 'snapshot'
    /** Without credentials and query. */
    readonly url: string | null
    /** Uuid of the image that it is a copy of. */
    readonly image: string | null
    readonly snapshot: { readonly instance: string; readonly disk: number; readonly name: string } | null
  } | null
  readonly instance: { readonly uuid: string; readonly hostname: string } | null
  /** Uuid of the image that it builds on. */
  readonly builtOn: string | null
}

/** Answer of `GET images/ID/members`: all of them for the owner, for a member only itself. */
export type WireMemberList = { readonly members: readonly WireMember[] }

export type WireMember = {
  /** How OpenStack's clients call the project, and how requests below `members` do. */
  readonly id: string
  /** Null: no project of this catalogue (yet). */
  readonly project: { readonly id: number; readonly name: string; readonly label: string } | null
  readonly status: 'pending' | 'accepted' | 'rejected'
  /** May the caller accept or reject for it? */
  readonly mayDecide: boolean
  readonly createdAt: string
  readonly updatedAt: string
}

/** Body of `POST images/ID/members`: name, uuid, OpenStack's id or number of a project. */
export type WireMemberDraft = { readonly project: string }

/** Body of `PATCH images/ID/members/ID`. */
export type WireMemberDecision = { readonly status: 'accepted' | 'rejected' | 'pending' }

/** Answer of `GET images/ID/registrations`. */
export type WireRegistrationList = {
  readonly registrations: readonly WireRegistration[]
  /** Somebody took it off the compute resource `catalogue`, where an active image registers itself. */
  readonly unregistered: boolean
}

export type WireRegistration = {
  readonly id: number
  readonly name: string
  readonly username: string
  readonly computeResource: { readonly id: number; readonly name: string; readonly provider: string }
  readonly operatingSystem: { readonly id: number; readonly title: string }
  readonly architecture: { readonly id: number; readonly name: string }
  /** It follows the image. */
  readonly automatic: boolean
  readonly createdAt: string
  readonly updatedAt: string
}

/** Answer of `GET images/ID/history?before=&limit=`; newest first. */
export type WireImageHistory = {
  readonly entries: readonly WireHistoryEntry[]
  /** Who is meant by the numbers in the entries; who is gone is missing. */
  readonly projects: readonly { readonly id: number; readonly name: string }[]
  readonly users: readonly { readonly id: number; readonly name: string }[]
}

/** Answer of `GET images/ID/exhibits`: the image in the words of each system. */
export type WireExhibitList = { readonly exhibits: readonly WireExhibit[] }

export type WireExhibit = { readonly system: WireSystem } & (
  | WireShown
  | { readonly shown: false; readonly why: string }
)

export type WireSystem = 'foreman' | 'onecloudplanet' | 'openstack' | 'danube' | 'imgapi'

export type WireShown = {
  readonly shown: true
  readonly request: { readonly method: string; readonly path: string }
  /** What the system answers to the request. */
  readonly body: object
  /** What the commands need to be told by `prepare`. */
  readonly secret: 'none' | 'password' | 'token' | 'ssh-key' | 'openrc'
  /** Shell text to be run before the commands; may be empty. */
  readonly prepare: string
  readonly commands: readonly {
    readonly purpose: 'show' | 'download' | 'use'
    readonly tool: string
    readonly text: string
  }[]
}
