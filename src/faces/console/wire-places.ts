import type { WireRegistration } from './wire-image.ts'

/** Where images are used: compute resources, what is registered on them, operating systems and architectures. Types only. */

/** A project or location, as others name it. */
export type WirePlace = {
  readonly id: number
  readonly name: string
  /** The names of those above it and its own, with slashes between them. */
  readonly title: string
}

/** Answer of `GET places/projects` and `GET places/locations`. */
export type WirePlaceList = { readonly places: readonly WirePlace[]; readonly total: number }

export type WireComputeResource = {
  readonly id: number
  readonly name: string
  readonly provider: string
  readonly url: string | null
  readonly description: string | null
  readonly username: string | null
  /** A password is kept; it is never told. */
  readonly hasPassword: boolean
  readonly createdAt: string
  readonly updatedAt: string
}

export type WireComputeResourceList = {
  readonly computeResources: readonly WireComputeResource[]
  readonly total: number
}

export type WireComputeResourceDetail = WireComputeResource & {
  /** What the provider needs besides, by Foreman's names. */
  readonly attributes: Readonly<Record<string, string | boolean | null>>
  readonly projects: readonly WirePlace[]
  readonly locations: readonly WirePlace[]
  /**
   * What the caller may do: `compute-resource.update` (how it is called and shown), `manage-directory` (all of it, and
   * deleting it), `registration.create`, `registration.update`, `registration.delete`.
   */
  readonly allowed: readonly string[]
}

/** Body of `PATCH compute-resources/ID`: what is absent stays, null empties; `POST` has `provider` besides. */
export type WireComputeResourcePatch = {
  readonly name?: string
  readonly url?: string | null
  readonly description?: string | null
  readonly username?: string | null
  readonly password?: string | null
  readonly attributes?: Readonly<Record<string, string | boolean | null>>
  readonly projectIds?: readonly number[]
  readonly locationIds?: readonly number[]
}
export type WireComputeResourceDraft = WireComputeResourcePatch & {
  readonly name: string
  readonly provider: string
}

/** A registration with what its compute resource's page tells of it besides. */
export type WireTemplate = WireRegistration & {
  /** What the compute resource calls the template; on the catalogue the uuid of the image. */
  readonly uuid: string
  readonly hasPassword: boolean
  readonly userData: boolean | null
  readonly iamRole: string | null
  /** The caller sees an image of the catalogue with this uuid. */
  readonly hasImage: boolean
  /** `registration.update`, `registration.delete`. */
  readonly allowed: readonly string[]
}

/** Answer of `GET compute-resources/ID/registrations`, and the same below `operating-systems` and `architectures`. */
export type WireTemplateList = { readonly registrations: readonly WireTemplate[]; readonly total: number }

/** Body of `PATCH compute-resources/ID/registrations/ID`; `POST` must say what has no default. */
export type WireTemplatePatch = {
  readonly name?: string
  readonly uuid?: string
  readonly username?: string
  readonly password?: string | null
  readonly operatingSystemId?: number
  readonly architectureId?: number
  readonly userData?: boolean
  readonly iamRole?: string | null
}

export type WireNamed = { readonly id: number; readonly name: string }

export type WireOperatingSystem = {
  readonly id: number
  readonly name: string
  readonly major: string
  readonly minor: string
  readonly description: string | null
  readonly family: string | null
  readonly releaseName: string | null
  readonly passwordHash: string
  /** The description, or else the name with the version. */
  readonly title: string
  readonly architectures: readonly WireNamed[]
  readonly createdAt: string
  readonly updatedAt: string
}

export type WireOperatingSystemList = {
  readonly operatingSystems: readonly WireOperatingSystem[]
  readonly total: number
}

/** Body of `POST operating-systems` and `PATCH operating-systems/ID`. */
export type WireOperatingSystemPatch = {
  readonly name?: string
  readonly major?: string
  readonly minor?: string
  readonly description?: string | null
  readonly family?: string | null
  readonly releaseName?: string | null
  readonly passwordHash?: string | null
  readonly architectureIds?: readonly number[]
}

export type WireArchitecture = WireNamed & {
  /** How many have it. */
  readonly operatingSystems: number
  readonly createdAt: string
  readonly updatedAt: string
}

export type WireArchitectureList = {
  readonly architectures: readonly WireArchitecture[]
  readonly total: number
}

export type WireArchitectureDetail = Omit<WireArchitecture, 'operatingSystems'> & {
  readonly operatingSystems: readonly { readonly id: number; readonly title: string }[]
}

/** Body of `POST architectures` and `PATCH architectures/ID`. */
export type WireArchitecturePatch = {
  readonly name?: string
  readonly operatingSystemIds?: readonly number[]
}
