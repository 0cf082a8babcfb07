/** A path as OpenAPI writes it, with the names and patterns of its parameters in their order. */
export type PathTemplate = {
  readonly path: string
  readonly parameters: readonly { readonly name: string; readonly pattern: string | null }[]
}

/** `:name`, `:name(pattern)`, `:name?`, `*`, and `::` for a colon. */
const parameter = /::|:(\w+)(?:\(((?:[^()]|\([^()]*\))*)\))?|\*/g

/** Reads the router's notation. A path with an optional last parameter is two paths. */
export function pathTemplates(url: string): readonly PathTemplate[] {
  if (!url.endsWith('?')) return [pathTemplate(url)]
  const whole = url.slice(0, -1)
  return [pathTemplate(whole.replace(/\/[^/]*$/, '') || '/'), pathTemplate(whole)]
}

function pathTemplate(url: string): PathTemplate {
  const parameters: { name: string; pattern: string | null }[] = []
  const path = url.replace(parameter, (found, name: string | undefined, pattern: string | undefined) => {
    if (found === '::') return ':'
    parameters.push({ name: name ?? 'rest', pattern: pattern ?? null })
    return `{${name ?? 'rest'}}`
  })
  return { path, parameters }
}

/**
 * OpenAPI calls two paths the same when only the names of their parameters differ. Remembers the first spelling of each
 * and returns it for the others.
 */
export function pathSpelling(): (template: PathTemplate) => PathTemplate {
  const known = new Map<string, PathTemplate>()
  return (template) => {
    const shape = template.path.replace(/\{\w+\}/g, '{}')
    const first = known.get(shape)
    if (!first) {
      known.set(shape, template)
      return template
    }
    const parameters = template.parameters.map((own, i) => ({ ...own, name: first.parameters[i]!.name }))
    return { path: first.path, parameters }
  }
}
