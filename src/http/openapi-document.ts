import type { z } from 'zod'
import type { ListedRoute, RouteAnswer } from './openapi.ts'
import { type PathTemplate, pathSpelling, pathTemplates } from './openapi-paths.ts'
import { type JsonSchema, type SchemaWriter, schemaWriter } from './openapi-schemas.ts'

/** A Security Scheme Object of OpenAPI. */
export type SecurityScheme =
  | { readonly type: 'http'; readonly scheme: string; readonly description?: string }
  | {
      readonly type: 'apiKey'
      readonly in: 'header' | 'cookie'
      readonly name: string
      readonly description?: string
    }

export type DocumentFacts = {
  readonly title: string
  readonly version: string
  /** Face → name → scheme: any one of them lets a caller in. */
  readonly security: Readonly<Record<string, Readonly<Record<string, SecurityScheme>>>>
}

/** Methods that OpenAPI knows and that say something: a HEAD is its GET, and OPTIONS is answered everywhere. */
const shown = new Set(['get', 'put', 'post', 'delete', 'patch'])

/** An OpenAPI 3.1 document of these routes, without `servers`. */
export function openApiDocument(routes: readonly ListedRoute[], facts: DocumentFacts): JsonSchema {
  const paths: Record<string, Record<string, unknown>> = {}
  const components: Record<string, JsonSchema> = {}
  const write = schemaWriter(components)
  const spelled = pathSpelling()
  const ids = new Set<string>()

  for (const { url, methods, config } of routes) {
    if (config.hidden) continue
    for (const template of pathTemplates(url).map(spelled))
      for (const method of methods.map((name) => name.toLowerCase())) {
        paths[template.path] ??= {}
        const item = paths[template.path]!
        if (!shown.has(method) || method in item) continue
        const id = freeId(ids, `${config.face ?? 'root'}_${method}_${template.path}`)
        item[method] = operation(template, id, config, facts, write)
      }
  }
  const described = Object.entries(paths).filter(([, item]) => Object.keys(item).length > 0)
  const schemes = Object.entries(facts.security).flatMap(([face, own]) =>
    Object.entries(own).map(([name, scheme]) => [`${face}.${name}`, scheme]),
  )
  return {
    openapi: '3.1.0',
    info: { title: facts.title, version: facts.version },
    paths: Object.fromEntries(described.sort(([a], [b]) => (a < b ? -1 : 1))),
    components: { schemas: components, securitySchemes: Object.fromEntries(schemes) },
  }
}

function freeId(taken: Set<string>, text: string): string {
  const base = text.replace(/[\W_]+/g, '_').replace(/_$/, '')
  let id = base
  for (let n = 2; taken.has(id); n++) id = `${base}_${n}`
  taken.add(id)
  return id
}

function operation(
  template: PathTemplate,
  id: string,
  config: ListedRoute['config'],
  facts: DocumentFacts,
  write: SchemaWriter,
): JsonSchema {
  const face = config.face ?? 'root'
  const inPath = template.parameters.map(({ name, pattern }) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', ...(pattern === null ? {} : { pattern }) },
  }))
  const inQuery = config.query ? queryParameters(write(config.query, 'input', `${id}.query`, face)) : []
  const schemes = Object.keys(facts.security[face] ?? {})
  return {
    operationId: id,
    ...(config.summary === undefined ? {} : { summary: config.summary }),
    tags: config.tags ?? [face],
    ...(inPath.length + inQuery.length === 0 ? {} : { parameters: [...inPath, ...inQuery] }),
    ...(config.body === undefined ? {} : { requestBody: requestBody(config.body, id, face, write) }),
    responses: responses(config.answers, id, face, write),
    security: config.open ? [] : schemes.map((name) => ({ [`${face}.${name}`]: [] })),
  }
}

function queryParameters(schema: JsonSchema): JsonSchema[] {
  const required = new Set((schema.required as readonly string[] | undefined) ?? [])
  return Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>).map(([name, property]) => {
    const { description, ...rest } = property
    return {
      name,
      in: 'query',
      ...(description === undefined ? {} : { description }),
      ...(required.has(name) ? { required: true } : {}),
      schema: rest,
    }
  })
}

function requestBody(body: z.ZodType | string, id: string, face: string, write: SchemaWriter): JsonSchema {
  const content =
    typeof body === 'string'
      ? { [body]: {} }
      : { 'application/json': { schema: write(body, 'input', `${id}.body`, face) } }
  return { content }
}

function responses(
  answers: Readonly<Record<number, RouteAnswer>> | undefined,
  id: string,
  face: string,
  write: SchemaWriter,
): JsonSchema {
  const entries = Object.entries(answers ?? {})
  if (entries.length === 0) return { default: { description: 'The answer.' } }
  return Object.fromEntries(
    entries.map(([status, answer]) => {
      const { text, body, type } = typeof answer === 'string' ? { text: answer } : answer
      if (body === undefined && type === undefined) return [status, { description: text }]
      const schema = body && { schema: write(body, 'output', `${id}.${status}`, face) }
      return [status, { description: text, content: { [type ?? 'application/json']: schema ?? {} } }]
    }),
  )
}
