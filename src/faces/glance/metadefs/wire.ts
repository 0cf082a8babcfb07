import type { Definitions, Entry, PropertyDefinition } from '../../../catalogue/metadefs/entry.ts'
import type { Contents } from '../../../catalogue/metadefs/holding.ts'
import type { Namespace } from '../../../catalogue/metadefs/namespace.ts'
import type { ResourceType } from '../../../catalogue/metadefs/resource-types.ts'
import { toSeconds } from '../../../catalogue/time.ts'

type Times = { readonly createdAt: number; readonly updatedAt: number }

const times = ({ createdAt, updatedAt }: Times) => ({
  created_at: toSeconds(createdAt),
  updated_at: toSeconds(updatedAt),
})

/** Facts that are not there have no key on this wire. */
function said(facts: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== null))
}

/** A name in a path; the colons of names are allowed there, and people read them. */
const segment = (name: string) => encodeURIComponent(name).replaceAll('%3A', ':')

export const namespacePath = (name: string) => `/v2/metadefs/namespaces/${segment(name)}`

/** glance.md section 21. @param contents what the answer shows of the namespace beside itself */
export function namespaceToWire(namespace: Namespace, contents: object = {}): object {
  return {
    namespace: namespace.name,
    ...said({ display_name: namespace.displayName, description: namespace.description }),
    visibility: namespace.visibility,
    protected: namespace.protected,
    ...said({ owner: namespace.owner?.openstackId ?? null }),
    ...times(namespace),
    ...contents,
    self: namespacePath(namespace.name),
    schema: '/v2/schemas/metadefs/namespace',
  }
}

/** What is in a namespace; kinds of which there are none have no key. */
export function contentsToWire(namespace: string, { association, property, object, tag }: Contents): object {
  return {
    ...associationsToWire(association),
    ...(property.length > 0 ? { properties: propertiesToWire(property) } : {}),
    ...(object.length > 0 ? { objects: object.map((one) => objectToWire(namespace, one)) } : {}),
    ...(tag.length > 0 ? { tags: tag.map(({ name }) => ({ name })) } : {}),
  }
}

export function associationsToWire(associations: readonly Entry<'association'>[]): object {
  if (associations.length === 0) return {}
  return { resource_type_associations: associations.map(associationToWire) }
}

export function associationToWire({ name, definition, ...rest }: Entry<'association'>): object {
  const { prefix, propertiesTarget } = definition
  return { name, ...said({ prefix, properties_target: propertiesTarget }), ...times(rest) }
}

export function propertyToWire({ name, definition }: Entry<'property'>): object {
  return { name, ...definition }
}

export function propertiesToWire(properties: readonly Entry<'property'>[]): object {
  return Object.fromEntries(properties.map(({ name, definition }) => [name, definition]))
}

export function objectToWire(namespace: string, { name, definition, ...rest }: Entry<'object'>): object {
  const { description, required, properties } = definition
  return {
    name,
    required,
    ...said({ description }),
    properties,
    ...times(rest),
    self: `${namespacePath(namespace)}/objects/${segment(name)}`,
    schema: '/v2/schemas/metadefs/object',
  }
}

export function tagToWire({ name, ...rest }: Entry<'tag'>): object {
  return { name, ...times(rest) }
}

export function resourceTypeToWire({ name, ...rest }: ResourceType): object {
  return { name, ...times(rest) }
}

/** The contents with the names that the properties have on resources of a type, which may want something before them. */
export function prefixed(contents: Contents, resourceType: string): Contents {
  const prefix = contents.association.find(({ name }) => name === resourceType)?.definition.prefix
  if (!prefix) return contents
  const withPrefix = (properties: Readonly<Record<string, PropertyDefinition>>) =>
    Object.fromEntries(Object.entries(properties).map(([name, facts]) => [`${prefix}${name}`, facts]))
  const renamed = ({ required, properties, ...rest }: Definitions['object']): Definitions['object'] => ({
    ...rest,
    required: required.map((name) => `${prefix}${name}`),
    properties: withPrefix(properties),
  })
  return {
    ...contents,
    property: contents.property.map((one) => ({ ...one, name: `${prefix}${one.name}` })),
    object: contents.object.map((one) => ({ ...one, definition: renamed(one.definition) })),
  }
}
