import { invalidParameter } from './failures.ts'

/** A parameter as JSON or a query can say it. */
export type Value = string | number | boolean | null | readonly Value[] | Params
export type Params = { readonly [name: string]: Value | undefined }

type Writable = { [name: string]: Value | Writable | undefined }

/** How deep `a[b][c]…` may go; the web framework of Foreman has such a limit, too. */
const deepest = 32

const emptyParams = (): Writable => Object.create(null)

export const isParams = (value: unknown): value is Params =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A query or a form, with nested names as Foreman's framework reads them: `a[b]=1`, `a[]=1`. The last one wins. */
export function parseQuery(text: string): Params {
  const params = emptyParams()
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const [name, value] = split(pair)
    const [, first, rest] = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(name) ?? [undefined, name, '']
    const keys = [...(rest ?? '').matchAll(/\[([^\]]*)\]/g)].map((match) => match[1]!)
    if (keys.length <= deepest) put(params, [first!, ...keys], value)
  }
  return params as Params
}

function split(pair: string): [string, string | null] {
  const at = pair.indexOf('=')
  return at < 0 ? [decode(pair), null] : [decode(pair.slice(0, at)), decode(pair.slice(at + 1))]
}

/** Broken escapes are kept as they were written. */
function decode(text: string): string {
  const spaced = text.replaceAll('+', ' ')
  try {
    return decodeURIComponent(spaced)
  } catch {
    return spaced
  }
}

function put(into: Writable, [key = '', ...more]: string[], value: string | null): void {
  const present = into[key]
  if (more.length === 0) into[key] = value
  else if (more[0] === '') into[key] = [...(Array.isArray(present) ? present : []), value]
  else {
    const inner = isParams(present) ? (present as Writable) : emptyParams()
    into[key] = inner
    put(inner, more, value)
  }
}

/** One parameter that must be text; null where it is absent. @throws Refusal 400 for arrays and objects */
export function textParameter(params: Params, name: 'search' | 'order'): string | null {
  const value = params[name]
  if (value === undefined || value === null) return null
  if (typeof value === 'object') throw invalidParameter(name, value, 'Must be String')
  return String(value)
}

export type Page = {
  readonly page: number
  /** Null for `all`. */
  readonly perPage: number | null
}

/** The setting `entries_per_page`. */
export const defaultPerPage = 20

const perPageSentence = 'Must match regular expression <code>/\\A([1-9]\\d*|all)\\Z$/</code>.'

/** foreman.md 4.4 and 6.1. @throws Refusal 400 */
export function pageOf(params: Params): Page {
  return { page: numberOf(params, 'page', 'Must be a number.') ?? 1, perPage: perPageOf(params) }
}

function perPageOf(params: Params): number | null {
  if (params.per_page === 'all') return null
  return numberOf(params, 'per_page', perPageSentence) ?? defaultPerPage
}

function numberOf(params: Params, name: string, sentence: string): number | null {
  const value = params[name]
  if (value === undefined || value === null || value === '') return null
  if (typeof value === 'object' || !/^[1-9]\d*$/.test(String(value)))
    throw invalidParameter(name, value, sentence)
  return Number(value)
}

export type Sort = { readonly by: string | null; readonly order: string | null }

/** What a list says of its order: the words of the parameter as they were typed (2.1). */
export function sortOf(order: string | null): Sort {
  const [by, direction] = (order ?? '').trim().split(/\s+/)
  return by ? { by, order: direction ?? 'ASC' } : { by: null, order: null }
}

/**
 * The attributes of a record: `{"image": {…}}`, or the top level of the body where it has no such key (3.2).
 * `columns` are the attributes that may stand at the top level.
 * @throws Refusal 400 when the wrapped value is no object
 */
export function attributesOf(
  { params, body }: { readonly params: Params; readonly body: Params },
  wrapper: string,
  columns: readonly string[],
): Params {
  const wrapped = params[wrapper]
  if (wrapped === null) return {}
  if (wrapped !== undefined) {
    if (!isParams(wrapped)) throw invalidParameter(wrapper, wrapped, 'Must be a Hash')
    return wrapped
  }
  return Object.fromEntries(columns.filter((name) => name in body).map((name) => [name, body[name]]))
}

/**
 * How values of a record are read (2.4). Undefined means "as if the key were absent": objects and arrays are dropped.
 */
export const coerce = {
  /** Numbers become their text; white space around is cut off. */
  text(value: Value | undefined): string | null | undefined {
    if (value === undefined || value === null) return value
    if (typeof value === 'object') return undefined
    if (typeof value === 'boolean') return value ? 't' : 'f'
    return String(value).trim()
  },

  /** Empty is null; what is no number at all is 0, which no record has. */
  id(value: Value | undefined): number | null | undefined {
    if (value === undefined || value === null || value === '') return value === undefined ? undefined : null
    if (typeof value === 'object') return undefined
    const number = Math.trunc(typeof value === 'string' ? Number.parseInt(value, 10) || 0 : Number(value))
    return Number.isSafeInteger(number) ? number : 0
  },

  ids(value: Value | undefined): number[] | undefined {
    if (value === undefined) return undefined
    const list = Array.isArray(value)
      ? (value as readonly Value[])
      : value === null || value === ''
        ? []
        : [value]
    return list.map((one) => coerce.id(one)).filter((id) => typeof id === 'number')
  },
}

export const booleanSentence = "Must be 'true' or 'false'"

/** What is no boolean is refused, as the documentation promises (2.4). Null and empty text are null. */
export function booleanOf(name: string, value: Value | undefined): boolean | null | undefined {
  if (value === undefined) return undefined
  if (value === null || value === '') return null
  if (value === true || value === 1 || value === 'true' || value === '1') return true
  if (value === false || value === 0 || value === 'false' || value === '0') return false
  throw invalidParameter(name, value, booleanSentence)
}

/** The leading decimal digits of a path segment: `980190962-centos-1` → 980190962; 0 without any (section 1). */
export function leadingId(segment: string): number {
  const digits = /^\d+/.exec(segment)?.[0] ?? '0'
  const id = Number(digits)
  return Number.isSafeInteger(id) ? id : 0
}
