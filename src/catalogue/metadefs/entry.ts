import type { Instant } from '../../database/schema.ts'
import { isLonger } from '../characters.ts'
import { violations } from '../places/violations.ts'

/** What a namespace of metadata definitions holds (glance.md section 21). */
export const kinds = ['association', 'property', 'object', 'tag'] as const
export type Kind = (typeof kinds)[number]

/** A JSON schema of one value, which only its readers understand. */
export type PropertyDefinition = Readonly<Record<string, unknown>>

/** What is said of a thing of each kind, beside its name. */
export type Definitions = {
  /** To the resource type of this name. */
  readonly association: { readonly prefix: string | null; readonly propertiesTarget: string | null }
  readonly property: PropertyDefinition
  readonly object: {
    readonly description: string | null
    /** Names of properties. */
    readonly required: readonly string[]
    readonly properties: Readonly<Record<string, PropertyDefinition>>
  }
  readonly tag: Readonly<Record<string, never>>
}

export type EntryDraft<K extends Kind> = { readonly name: string; readonly definition: Definitions[K] }
export type Entry<K extends Kind> = EntryDraft<K> & {
  readonly createdAt: Instant
  readonly updatedAt: Instant
}

/** What people call them. */
export const words: Readonly<Record<Kind, string>> = {
  association: 'resource type association',
  property: 'metadata property',
  object: 'metadata object',
  tag: 'metadata tag',
}

/**
 * How many of each kind a namespace holds at most, and how many characters of definitions in all: about as much as one
 * request can bring, so that one answer can show it.
 */
export const limits = {
  entries: { association: 50, property: 500, object: 500, tag: 1000 } satisfies Record<Kind, number>,
  characters: 1_000_000,
  name: 80,
}

/** @throws Failure `invalid` with `detail.fields` */
export function demandSoundEntry<K extends Kind>(kind: K, { name, definition }: EntryDraft<K>): void {
  const { complain, demandNone } = violations()
  demandName('name', name, complain)
  if (kind === 'association') {
    const { prefix, propertiesTarget } = definition as Definitions['association']
    demandShort('prefix', prefix, limits.name, complain)
    demandShort('properties_target', propertiesTarget, limits.name, complain)
  }
  demandNone(kind === 'association' ? 'resource_type_association' : kind)
}

type Complain = (field: string, message: string) => void

/** Names are parts of paths: never empty, and nothing that no URL can carry. */
export function demandName(field: string, name: string, complain: Complain): void {
  if (name === '') complain(field, 'must not be empty.')
  demandShort(field, name, limits.name, complain)
  if (/\p{Cc}/u.test(name)) complain(field, 'must not contain control characters.')
}

export function demandShort(field: string, text: string | null, most: number, complain: Complain): void {
  if (isLonger(text ?? '', most)) complain(field, `must not have more than ${most} characters.`)
}
