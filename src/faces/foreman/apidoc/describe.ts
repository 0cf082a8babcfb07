import type { Api, Method, Param, Resource, SearchField, Verb } from './model.ts'
import type { TextKey } from './texts/en.ts'
import type { Kind } from './validators.ts'

/**
 * Short notations for the descriptions in `resources/`. A name ends in `!` where the parameter is required and in `?`
 * where null is allowed, as foreman.md 11.5 writes it.
 */
export function param(
  kind: Kind,
  notation: string,
  about: TextKey | null = null,
  params: readonly Param[] = [],
): Param {
  return {
    name: notation.replace(/[!?]$/, ''),
    kind,
    required: notation.endsWith('!'),
    nil: notation.endsWith('?'),
    about,
    params,
  }
}

type Describe = (notation: string, about?: TextKey) => Param

const of =
  (kind: Kind): Describe =>
  (notation, about) =>
    param(kind, notation, about)

export const string = of('string')
export const identifier = of('identifier')
export const boolean = of('boolean')
export const number = of('number')
export const array = of('array')
export const hash = (notation: string, params: readonly Param[]): Param =>
  param('hash', notation, null, params)

/** Members of a create as an update has them: nothing inside is required (foreman.md 4.3). */
export function optional(params: readonly Param[]): readonly Param[] {
  return params.map((each) => ({ ...each, required: false, params: optional(each.params) }))
}

/** Foreman.md 6.3; every method begins with them. */
const context = [
  param('integer', 'location_id', 'about.locationContext'),
  param('integer', 'organization_id', 'about.organizationContext'),
]

/** Search, order and paging, which every list takes. */
export const listing = [
  string('search', 'about.search'),
  string('order', 'about.order'),
  number('page', 'about.page'),
  param('perPage', 'per_page', 'about.perPage'),
]

export const api = (verb: Verb, path: string, title: TextKey): Api => ({ verb, path, title })

type Extras = { readonly search?: readonly SearchField[]; readonly about?: TextKey }

export function method(
  name: string,
  apis: Api | readonly Api[],
  params: readonly Param[] = [],
  { search = [], about }: Extras = {},
): Method {
  return {
    name,
    apis: [apis].flat(),
    params: [...context, ...params],
    search,
    about: about ?? null,
  }
}

/** `id` → `Id`, `compute_resources` → `Compute resources`: the name that apipie derives. */
export function resource(
  id: string,
  heading: TextKey,
  methods: readonly Method[] = [],
  about: TextKey | null = null,
): Resource {
  const words = id.replaceAll('_', ' ')
  return { id, name: words[0]!.toUpperCase() + words.slice(1), heading, methods, about }
}

/** `name:type name:type …`; the type `true/false` lists the values, and a name without type has none. */
export function fields(notation: string): readonly SearchField[] {
  return notation.split(' ').map((field) => {
    const [name = '', type] = field.split(':')
    if (type === undefined) return { name }
    return type.includes('/') ? { name, values: type.split('/') } : { name, type }
  })
}
