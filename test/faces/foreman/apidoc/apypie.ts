/**
 * How apypie reads the documentation and turns a call into a request, as foreman.md 10.1 and 11.2 describe it: an
 * independent reader, so that the test does not believe the writer.
 */
export type Doc = { readonly docs: { readonly resources: Readonly<Record<string, DocResource>> } }
type DocResource = { readonly methods: readonly DocMethod[] }
export type DocMethod = {
  readonly name: string
  readonly apis: readonly {
    readonly api_url: string
    readonly http_method: string
    readonly short_description: string
  }[]
  readonly params: readonly DocParam[]
  readonly examples: readonly string[]
}
export type DocParam = {
  readonly name: string
  readonly full_name: string
  readonly description: string
  readonly required: boolean
  readonly allow_nil: boolean
  readonly expected_type: string
  readonly validator: string
  readonly params?: readonly DocParam[]
}

type Values = Readonly<Record<string, unknown>>
export type Request = { readonly method: string; readonly path: string; readonly payload: Values }

export function apypie(doc: Doc) {
  function action(resource: string, name: string): DocMethod {
    const found = doc.docs.resources[resource]?.methods.find((method) => method.name === name)
    if (!found) throw new Error(`no ${resource}#${name}`)
    return found
  }

  /** Most path parameters first, then by path; the first route whose parameters are all given. */
  function route(method: DocMethod, values: Values) {
    const names = (url: string) => [...url.matchAll(/:(\w+)/g)].map(([, name]) => name!)
    const routes = method.apis
      .map(({ api_url, http_method }) => ({ path: api_url, method: http_method, names: names(api_url) }))
      .sort((a, b) => b.names.length - a.names.length || (a.path < b.path ? -1 : 1))
    const found = routes.find((each) => each.names.every((name) => values[name] !== undefined))
    if (!found) throw new Error(`no route of ${method.name} for ${Object.keys(values)}`)
    return found
  }

  /** Only what is documented goes out; members of a hash are picked from the flat input. */
  function prepare(params: readonly DocParam[], values: Values): Record<string, unknown> {
    const out: Record<string, unknown> = {}
    for (const { name, expected_type, params: members } of params) {
      if (expected_type === 'hash' && members) {
        const inner = prepare(members, (values[name] as Values | undefined) ?? values)
        if (Object.keys(inner).length > 0) out[name] = inner
      } else if (name in values) out[name] = values[name]
    }
    return out
  }

  function check(params: readonly DocParam[], values: Values): void {
    for (const { name, full_name, required, allow_nil, expected_type, params: members } of params) {
      const value = values[name]
      if (value === undefined) {
        if (required) throw new Error(`missing ${full_name}`)
      } else if (value === null) {
        if (!allow_nil) throw new Error(`${full_name} is null`)
      } else if (!fits(value, expected_type)) throw new Error(`${full_name} is no ${expected_type}`)
      else if (expected_type === 'hash' && members) check(members, value as Values)
    }
  }

  return {
    resources: Object.keys(doc.docs.resources),
    action,
    call(resource: string, name: string, values: Values): Request {
      const method = action(resource, name)
      const { path, method: verb, names } = route(method, values)
      const payload = prepare(method.params, values)
      check(
        method.params.filter((param) => !names.includes(param.name)),
        payload,
      )
      for (const used of names) delete payload[used]
      return { method: verb, path: path.replace(/:(\w+)/g, (_, used) => String(values[used])), payload }
    },
    /** The first line is verb and path, a line of digits the status. */
    examples(resource: string, name: string) {
      return action(resource, name).examples.map((text) => {
        const lines = text.split('\n')
        const at = lines.findIndex((line) => /^\d+$/.test(line))
        const [method, path] = lines[0]!.split(' ')
        const sent = lines.slice(1, at).join('\n')
        return {
          method,
          path,
          request: sent === '' ? undefined : JSON.parse(sent),
          status: Number(lines[at]),
          answer: JSON.parse(lines.slice(at + 1).join('\n')),
        }
      })
    },
  }
}

function fits(value: unknown, type: string): boolean {
  if (type === 'string') return typeof value === 'string' || typeof value === 'number'
  if (type === 'numeric') return typeof value === 'number' || /^\d+$/.test(String(value))
  if (type === 'boolean') return [true, false, 0, 1].includes(value as boolean)
  if (type === 'array') return Array.isArray(value)
  return typeof value === 'object' && !Array.isArray(value)
}
