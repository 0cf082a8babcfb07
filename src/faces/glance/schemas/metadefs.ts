import { type JsonSchema, type SchemaDocument, shown, text } from './json-schema.ts'

const instant = (description: string): JsonSchema => shown({ ...text(description), format: 'date-time' })
const times = {
  created_at: instant('When it was made'),
  updated_at: instant('When it was changed last'),
}
const paths = { schema: shown(text('Path of its schema')), self: shown(text('Its path')) }

const ref = (name: string): JsonSchema => ({ $ref: `#/definitions/${name}` })
const types = { enum: ['array', 'boolean', 'integer', 'number', 'object', 'string', null] }
const strings: JsonSchema = { type: 'array', items: { type: 'string' }, uniqueItems: true }
const numbers = {
  positiveInteger: { type: 'integer', minimum: 0 },
  positiveIntegerDefault0: { allOf: [ref('positiveInteger'), { default: 0 }] },
}

/** A JSON schema of one value, in the words that metadata definitions know. */
const propertyFacts: Readonly<Record<string, JsonSchema>> = {
  name: text('Name of the property', 80),
  title: text('What people call the property'),
  description: text('What the property means'),
  operators: { type: 'array', items: { type: 'string' } },
  type: { type: 'string', ...types },
  required: ref('stringArray'),
  minimum: { type: 'number' },
  maximum: { type: 'number' },
  maxLength: ref('positiveInteger'),
  minLength: ref('positiveIntegerDefault0'),
  pattern: { type: 'string', format: 'regex' },
  enum: { type: 'array' },
  readonly: { type: 'boolean' },
  default: {},
  items: { type: 'object', properties: { type: { type: 'string', ...types }, enum: { type: 'array' } } },
  maxItems: ref('positiveInteger'),
  minItems: ref('positiveIntegerDefault0'),
  uniqueItems: { type: 'boolean', default: false },
  additionalItems: { type: 'boolean' },
}

/** A property whose name stands before it. */
export const namedPropertySchema: SchemaDocument = {
  name: 'property',
  properties: propertyFacts,
  additionalProperties: false,
  definitions: { ...numbers, stringArray: { ...strings, minItems: 1 } },
  required: ['type', 'title'],
}

export const propertySchema: SchemaDocument = { ...namedPropertySchema, required: ['type', 'title', 'name'] }

const definitions: Readonly<Record<string, JsonSchema>> = {
  ...numbers,
  stringArray: strings,
  property: {
    type: 'object',
    additionalProperties: { type: 'object', required: ['title', 'type'], properties: propertyFacts },
  },
}

export const objectSchema: SchemaDocument = {
  name: 'object',
  properties: {
    name: text('Name of the object', 80),
    description: text('What the object is'),
    required: ref('stringArray'),
    properties: ref('property'),
    ...paths,
    ...times,
  },
  additionalProperties: false,
  definitions,
  required: ['name'],
}

export const tagSchema: SchemaDocument = {
  name: 'tag',
  properties: { name: text('The tag', 80), ...times },
  additionalProperties: false,
  required: ['name'],
}

/** Several tags as they are given. */
export const tagsSchema: SchemaDocument = {
  name: 'tags',
  properties: { tags: { type: 'array', items: { ...tagSchema, type: 'object' } } },
  additionalProperties: false,
  required: ['tags'],
}

export const associationSchema: SchemaDocument = {
  name: 'resource_type_association',
  properties: {
    name: text('Name of the resource type, such as OS::Glance::Image', 80),
    prefix: text(
      'What stands before the names of the properties where they are used, with its separator',
      80,
    ),
    properties_target: text('Which properties are meant, where the resource has several kinds of them', 80),
    ...times,
  },
  additionalProperties: false,
  required: ['name'],
}

export const namespaceSchema: SchemaDocument = {
  name: 'namespace',
  properties: {
    namespace: text('Name of the namespace', 80),
    display_name: text('What people call the namespace', 80),
    description: text('What the namespace is for', 500),
    visibility: { ...text('Who can see the namespace'), enum: ['public', 'private'] },
    protected: { type: 'boolean', description: 'Whether the namespace is kept from being deleted' },
    owner: text('Id of the project that owns the namespace', 255),
    ...times,
    ...paths,
    resource_type_associations: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          prefix: { type: 'string' },
          properties_target: { type: 'string' },
        },
      },
    },
    properties: ref('property'),
    objects: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          description: { type: 'string' },
          required: ref('stringArray'),
          properties: ref('property'),
        },
      },
    },
    tags: { type: 'array', items: { type: 'object', properties: { name: { type: 'string' } } } },
  },
  additionalProperties: false,
  definitions,
  required: ['namespace'],
}
