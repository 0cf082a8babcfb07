import type { Order, Scalar } from '../../../catalogue/search.ts'

/** How one searchable field of a resource is read (foreman.md 7.4). */
export type SearchField = (
  | { readonly kind: 'string' }
  /** Every record of this catalogue has the same text, or none at all. */
  | { readonly kind: 'string'; readonly constant: string | null }
  /** `innerName` is what error messages call it, where that is not the name. */
  | { readonly kind: 'integer'; readonly innerName?: string }
  /** The possible values in the contract's order, and what the catalogue holds for each. */
  | { readonly kind: 'set'; readonly values: Readonly<Record<string, Scalar>> }
  /** Microseconds since 1970. */
  | { readonly kind: 'date' }
) & {
  /** The catalogue's name of it, where that is not the name. */
  readonly field?: string
  /** A closed list of values that the catalogue keeps under other names: shown → kept. */
  readonly kept?: ReadonlyMap<Scalar, Scalar>
  /** No part of free text. Only texts ever are. */
  readonly explicitOnly?: true
  /** A record can have several, so nothing can be ordered by it. */
  readonly many?: true
}

/** What one can search for in a list and how it is sorted: data, one for each resource. */
export type Resource = {
  readonly fields: Readonly<Record<string, SearchField>>
  /** When none is asked for. The id always follows, so that pages are stable. */
  readonly order: readonly Order[]
}

/** The named field with the catalogue's name of it; field names are case-sensitive. */
export function findField(resource: Resource, name: string): (SearchField & { field: string }) | null {
  const found = Object.hasOwn(resource.fields, name) ? resource.fields[name] : undefined
  return found ? { ...found, field: found.field ?? name } : null
}
