import { z } from 'zod'

export type JsonSchema = Readonly<Record<string, unknown>>

export type SchemaWriter = (
  type: z.ZodType,
  /** `input`: as clients write it; `output`: as they read it. */
  io: 'input' | 'output',
  /** Names what has no name of its own; no two calls may give the same. */
  place: string,
  face: string,
) => JsonSchema

/**
 * Turns zod types into JSON Schema. What a type refers to, itself included, is moved into `components`, because
 * references count from the root of the document.
 */
export function schemaWriter(components: Record<string, JsonSchema>): SchemaWriter {
  return (type, io, place, face) => {
    const { $schema: _, $defs, ...own } = z.toJSONSchema(type, { io, unrepresentable: 'any' })
    const definitions = ($defs ?? {}) as Record<string, JsonSchema>
    const nameOf = (reference: string) => {
      if (reference === '#') return place
      const key = reference.replace(/^#\/\$defs\//, '')
      // Made up by zod, or the id that the face gave to the type; another face may use the same one.
      return key.startsWith('__') ? `${place}${key}` : `${face}.${key}${io === 'input' ? '.input' : ''}`
    }
    let recursive = false
    const rewrite = <T>(value: T): T =>
      JSON.parse(JSON.stringify(value), (key, inner) => {
        if (key !== '$ref' || typeof inner !== 'string') return inner
        recursive ||= inner === '#'
        return `#/components/schemas/${nameOf(inner)}`
      })

    for (const [key, definition] of Object.entries(definitions))
      components[nameOf(`#/$defs/${key}`)] = rewrite(definition)
    const schema = rewrite(own)
    if (!recursive) return schema
    components[place] = schema
    return { $ref: `#/components/schemas/${place}` }
  }
}
