/**
 * A schema in the style of JSON Schema's draft 4, as far as this wire uses it. Clients build their classes from these
 * documents, so what stands in one is part of the wire (glance.md section 19).
 */
export type JsonSchema = {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly enum?: readonly (string | null)[]
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly minItems?: number
  readonly uniqueItems?: boolean
  readonly format?: string
  readonly default?: unknown
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: false | JsonSchema
  readonly required?: readonly string[]
  readonly allOf?: readonly JsonSchema[]
  readonly $ref?: string
  /** Only the server sets it. */
  readonly readOnly?: true
  readonly writeOnly?: true
  /** False for a property that the site added: clients `add` it, where they `replace` a base property. */
  readonly is_base?: false
}

/** One of the documents below `/v2/schemas`. */
export type SchemaDocument = JsonSchema & {
  readonly name: string
  readonly properties: Readonly<Record<string, JsonSchema>>
  readonly definitions?: Readonly<Record<string, JsonSchema>>
  readonly links?: readonly { readonly rel: string; readonly href: string }[]
}

/** Ids in any case and of any version. */
export const uuidPattern =
  '^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$'

export const text = (description: string, maxLength?: number): JsonSchema => ({
  type: 'string',
  description,
  ...(maxLength === undefined ? {} : { maxLength }),
})

export const textOrNull = (description: string, maxLength?: number): JsonSchema => ({
  ...text(description, maxLength),
  type: ['null', 'string'],
})

/** What only the server sets. */
export const shown = (schema: JsonSchema): JsonSchema => ({ readOnly: true, ...schema })
