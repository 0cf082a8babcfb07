import type { Definitions, EntryDraft, PropertyDefinition } from '../../../catalogue/metadefs/entry.ts'
import type { ContentsDraft } from '../../../catalogue/metadefs/holding.ts'
import type { NamespaceDraft } from '../../../catalogue/metadefs/namespaces.ts'
import { ownerOf } from '../attributes.ts'
import { objectOf } from '../body.ts'
import { readOnly } from '../failures.ts'
import type { Context } from '../route.ts'
import type { SchemaDocument } from '../schemas/json-schema.ts'
import {
  associationSchema,
  namedPropertySchema,
  namespaceSchema,
  objectSchema,
  propertySchema,
  tagSchema,
  tagsSchema,
} from '../schemas/metadefs.ts'
import { validatorOf } from '../schemas/validate.ts'

/** Values of the wire, once a schema has been asked. */
type Properties = Readonly<Record<string, PropertyDefinition>>
type WireAssociation = {
  readonly name: string
  readonly prefix?: string
  readonly properties_target?: string
}
type WireObject = {
  readonly name: string
  readonly description?: string
  readonly required?: readonly string[]
  readonly properties?: Properties
}
type WireTag = { readonly name: string }
type WireNamespace = {
  readonly namespace: string
  readonly display_name?: string
  readonly description?: string
  readonly visibility?: 'public' | 'private'
  readonly protected?: boolean
  readonly owner?: string
  readonly resource_type_associations?: readonly WireAssociation[]
  readonly properties?: Properties
  readonly objects?: readonly WireObject[]
  readonly tags?: readonly WireTag[]
}

/** Reads a body: nobody sets what the server sets, and the rest is as the schema says. */
function reader<T>(schema: SchemaDocument, fixed: readonly string[]): (context: Context) => Promise<T> {
  const demandSchema = validatorOf(schema)
  return async (context) => {
    const body = objectOf(await context.json())
    for (const name of fixed) if (Object.hasOwn(body, name)) throw readOnly(name)
    demandSchema(body)
    return body as T
  }
}

const times = ['created_at', 'updated_at']
const readWireNamespace = reader<WireNamespace>(namespaceSchema, ['self', 'schema', ...times])
const readWireObject = reader<WireObject>(objectSchema, ['self', 'schema', ...times])
const readWireProperty = reader<PropertyDefinition>(propertySchema, times)
const readWireAssociation = reader<WireAssociation>(associationSchema, times)
const readWireTag = reader<WireTag>(tagSchema, times)
const readWireTags = reader<{ readonly tags: readonly WireTag[] }>(tagsSchema, times)

const demandNamedProperty = validatorOf(namedPropertySchema)
const demandObject = validatorOf(objectSchema)
const demandAssociation = validatorOf(associationSchema)
const demandTag = validatorOf(tagSchema)

/** @throws Refusal 400 for a project that there is not */
export async function readNamespace(
  context: Context,
): Promise<{ readonly draft: NamespaceDraft; readonly contents: ContentsDraft }> {
  const body = await readWireNamespace(context)
  const { resource_type_associations: associations = [], properties = {}, objects = [], tags = [] } = body
  // The schema of a namespace says less of what is in it than the schemas of these things.
  for (const association of associations) demandAssociation(association)
  for (const object of objects) demandObject(object)
  for (const tag of tags) demandTag(tag)
  for (const part of [{ properties }, ...objects]) demandProperties(part.properties ?? {})
  const owner = body.owner === undefined ? null : await ownerOf(context, body.owner)
  return {
    draft: {
      name: body.namespace,
      displayName: body.display_name ?? null,
      description: body.description ?? null,
      visibility: body.visibility ?? 'private',
      protected: body.protected ?? false,
      ...(owner === null ? {} : { ownerId: owner }),
    },
    contents: {
      association: associations.map(associationDraft),
      property: Object.entries(properties).map(([name, facts]) => ({ name, definition: unnamed(facts) })),
      object: objects.map(objectDraft),
      tag: tags.map(tagDraft),
    },
  }
}

export async function readObject(context: Context): Promise<EntryDraft<'object'>> {
  const object = await readWireObject(context)
  demandProperties(object.properties ?? {})
  return objectDraft(object)
}

export async function readProperty(context: Context): Promise<EntryDraft<'property'>> {
  const facts = await readWireProperty(context)
  return { name: facts.name as string, definition: unnamed(facts) }
}

export async function readAssociation(context: Context): Promise<EntryDraft<'association'>> {
  return associationDraft(await readWireAssociation(context))
}

export async function readTag(context: Context): Promise<EntryDraft<'tag'>> {
  return tagDraft(await readWireTag(context))
}

export async function readTags(context: Context): Promise<EntryDraft<'tag'>[]> {
  return (await readWireTags(context)).tags.map(tagDraft)
}

function demandProperties(properties: Properties): void {
  for (const property of Object.values(properties)) demandNamedProperty(property)
}

/** The name stands outside of it. */
function unnamed({ name: _name, ...facts }: PropertyDefinition): PropertyDefinition {
  return facts
}

function objectDraft({ name, description, required = [], properties = {} }: WireObject) {
  const facts = Object.entries(properties).map(([key, property]) => [key, unnamed(property)])
  const definition: Definitions['object'] = {
    description: description ?? null,
    required,
    properties: Object.fromEntries(facts),
  }
  return { name, definition }
}

function associationDraft({ name, prefix, properties_target }: WireAssociation): EntryDraft<'association'> {
  return { name, definition: { prefix: prefix ?? null, propertiesTarget: properties_target ?? null } }
}

const tagDraft = ({ name }: WireTag): EntryDraft<'tag'> => ({ name, definition: {} })
