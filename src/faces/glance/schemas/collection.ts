import type { JsonSchema, SchemaDocument } from './json-schema.ts'

const path: JsonSchema = { type: 'string' }
const describedBy = { rel: 'describedby', href: '{schema}' }

/** Definitions stand at the top of the document that refers to them. */
function split({ definitions, ...item }: SchemaDocument) {
  return { item, top: definitions ? { definitions } : {} }
}

function paged(name: string, items: JsonSchema): SchemaDocument {
  return {
    name,
    properties: { [name]: items, first: path, next: path, schema: path },
    links: [{ rel: 'first', href: '{first}' }, { rel: 'next', href: '{next}' }, describedBy],
  }
}

/** A list that comes in pages. @param name also of the property that holds the list */
export function pagesOf(name: string, document: SchemaDocument): SchemaDocument {
  const { item, top } = split(document)
  return { ...paged(name, { type: 'array', items: item }), ...top }
}

/** An object whose keys are names of things. */
export function mapOf(name: string, document: SchemaDocument): SchemaDocument {
  const { item, top } = split(document)
  return { ...paged(name, { type: 'object', additionalProperties: item }), ...top }
}

/** A list that always comes whole. */
export function wholeListOf(name: string, item: SchemaDocument): SchemaDocument {
  return {
    name,
    properties: { [name]: { type: 'array', items: item }, schema: path },
    links: [describedBy],
  }
}
