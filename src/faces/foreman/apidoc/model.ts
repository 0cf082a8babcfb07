import type { TextKey } from './texts/en.ts'
import type { Kind } from './validators.ts'

/** A parameter as the documentation promises it (foreman.md 4.2 and 11.5). */
export type Param = {
  readonly name: string
  readonly kind: Kind
  readonly required: boolean
  readonly nil: boolean
  readonly about: TextKey | null
  /** Members of a hash, or of the hashes in an array. */
  readonly params: readonly Param[]
}

export type Verb = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** One way to reach a method. The path is Foreman's, without version: `/api/images/:id`. */
export type Api = {
  readonly verb: Verb
  readonly path: string
  readonly title: TextKey
}

/** A field of the search language, with its type or with all its values. */
export type SearchField = {
  readonly name: string
  readonly type?: string
  readonly values?: readonly string[]
}

export type Method = {
  readonly name: string
  readonly apis: readonly Api[]
  readonly params: readonly Param[]
  readonly search: readonly SearchField[]
  readonly about: TextKey | null
}

export type Resource = {
  readonly id: string
  /** As apipie derives it from the id; never translated in JSON. */
  readonly name: string
  /** What people read as heading. */
  readonly heading: TextKey
  readonly methods: readonly Method[]
  readonly about: TextKey | null
}

/** The only version there is. */
export const version = 'v2'
