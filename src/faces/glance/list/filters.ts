import type { ImageField } from '../../../catalogue/images/fields.ts'
import { normaliseUuid } from '../../../catalogue/images/find.ts'
import { type Visibility, visibilities } from '../../../catalogue/images/image.ts'
import { memberStatuses } from '../../../catalogue/images/members.ts'
import type { Comparison, Filter, Scalar } from '../../../catalogue/search.ts'
import { parseInstant, second } from '../../../catalogue/time.ts'
import { bad } from '../failures.ts'
import type { Query } from '../query.ts'
import { splitOperator, wantedValues } from './operators.ts'

/** What a list is asked for, apart from its order and page (glance.md 6.2, 6.3). */
export type Asked = {
  readonly filter: Filter
  /** Undefined: nothing was said. */
  readonly visibility: Visibility | 'all' | undefined
  readonly memberStatus: 'pending' | 'accepted' | 'rejected' | 'all'
  /** OpenStack's id of the owner; undefined: whoever. */
  readonly owner: string | undefined
}

const nothing: Filter = { any: [] }
const field = (name: ImageField, is: Comparison, value: Scalar): Filter => ({ field: name, is, value })

/** Parameters of the page and of the order, which are no filters. */
const others: ReadonlySet<string> = new Set([
  'limit',
  'marker',
  'sort',
  'sort_key',
  'sort_dir',
  'visibility',
  'member_status',
  'owner',
  'deleted',
  'os_hidden',
])

/** Names that are parts of an image and no free properties. */
const unfilterable: ReadonlySet<string> = new Set(['locations', 'members', 'properties'])

const numbers: Readonly<Record<string, ImageField>> = {
  size: 'size',
  min_ram: 'minRam',
  min_disk: 'minDisk',
  virtual_size: 'virtualSize',
}

/** Attributes that may be one of several values. */
const words: Readonly<Record<string, ImageField>> = {
  name: 'name',
  id: 'uuid',
  status: 'status',
  container_format: 'containerFormat',
  disk_format: 'diskFormat',
}

/** @throws Refusal 400 */
export function readFilters(query: Query): Asked {
  const visibility = query.get('visibility')
  // Nothing is of no visibility at all.
  const isNone = visibility === ''
  if (
    !isNone &&
    visibility !== undefined &&
    visibility !== 'all' &&
    !(visibilities as readonly string[]).includes(visibility)
  )
    throw bad(`Invalid visibility value: ${visibility}`)
  const memberStatus = query.get('member_status') ?? 'accepted'
  if (memberStatus !== 'all' && !(memberStatuses as readonly string[]).includes(memberStatus))
    throw bad(`Invalid status: ${memberStatus}`)
  const hidden = flagOf('os_hidden', query.get('os_hidden') ?? 'false')
  const names = [...new Set(query.pairs.map(([name]) => name))].filter((name) => !others.has(name))
  const parts: Filter[] = [
    field('hidden', 'eq', hidden ? 1 : 0),
    field('status', 'ne', 'killed'),
    ...names.map((name) => filterOf(name, query)),
    ...(isNone ? [nothing] : []),
  ]
  return {
    filter: { all: parts },
    visibility: isNone ? undefined : (visibility as Asked['visibility']),
    memberStatus: memberStatus as Asked['memberStatus'],
    owner: query.get('owner'),
  }
}

function filterOf(name: string, query: Query): Filter {
  const value = query.get(name)!
  if (name === 'tag') return { all: query.all('tag').map((tag) => ({ tag })) }
  if (Object.hasOwn(words, name)) return wordFilter(words[name]!, wantedValues(value))
  if (name === 'checksum') return field('md5', 'eq', value)
  if (name === 'os_hash_value') return field('sha512', 'eq', value)
  if (name === 'os_hash_algo')
    return value === 'sha512' ? { not: { field: 'sha512', missing: true } } : nothing
  if (name === 'protected') return field('protected', 'eq', flagOf(name, value) ? 1 : 0)
  if (name === 'created_at') return timeFilter(name, 'createdAt', value)
  if (name === 'updated_at') return timeFilter(name, 'updatedAt', value)
  if (name === 'changes-since') throw bad('The "changes-since" filter is no longer available on v2.')
  if (unfilterable.has(name)) throw bad(`Unable to filter by '${name}'.`)
  const range = /^(.+)_(min|max)$/.exec(name)
  const number = range ? range[1]! : name
  if (!Object.hasOwn(numbers, number)) return { property: name, value }
  return numberFilter(numbers[number]!, range ? (range[2] as 'min' | 'max') : 'is', value)
}

function wordFilter(name: ImageField, values: readonly string[]): Filter {
  if (name === 'uuid')
    return oneOf(
      name,
      values.map(normaliseUuid).filter((uuid) => uuid !== null),
    )
  // Through the index of folded names, and then exactly.
  if (name === 'name') return { all: [{ ...oneOf(name, values), caseless: true }, oneOf(name, values)] }
  return oneOf(name, values)
}

/** A single value is told apart, because a list may begin with what has it. */
function oneOf(name: ImageField, values: readonly string[]): Extract<Filter, { readonly field: string }> {
  return values.length === 1 ? { field: name, is: 'eq', value: values[0]! } : { field: name, in: values }
}

function numberFilter(name: ImageField, bound: 'min' | 'max' | 'is', value: string): Filter {
  if (!/^\s*[+-]?\d+\s*$/.test(value)) {
    if (bound !== 'is') throw bad('Unable to filter on a range with a non-numeric value.')
    throw bad(`Unable to filter by a non-numeric value '${value}'.`)
  }
  // Larger numbers than any image has are as good as the largest that both engines compare.
  const number = Math.max(-1, Math.min(Number(value), Number.MAX_SAFE_INTEGER))
  return field(name, bound === 'min' ? 'gte' : bound === 'max' ? 'lte' : 'eq', number)
}

/** Times of this wire are whole seconds: an image made within a second equals it. */
function timeFilter(name: string, column: 'createdAt' | 'updatedAt', expression: string): Filter {
  const { operator, value } = splitOperator(expression)
  const at = parseInstant(value)
  if (at === null) throw bad(`Bad "${name}" query filter format. Use ISO 8601 DateTime notation.`)
  const from = Math.floor(at / second) * second
  const before = field(column, 'lt', from)
  const after = field(column, 'gte', from + second)
  const same: Filter = { all: [field(column, 'gte', from), field(column, 'lt', from + second)] }
  switch (operator) {
    case 'eq':
      return same
    case 'neq':
      return { any: [before, after] }
    case 'gt':
      return after
    case 'gte':
      return field(column, 'gte', from)
    case 'lt':
      return before
    case 'lte':
      return field(column, 'lt', from + second)
    default:
      throw bad('Unable to filter on a unknown operator.')
  }
}

/** @throws Refusal 400 */
function flagOf(name: string, value: string): boolean {
  if (/^true$/i.test(value)) return true
  if (/^false$/i.test(value)) return false
  throw bad(
    `Invalid value '${value}' for '${name}' filter. Valid values are case insensitive 'True' or 'False'`,
  )
}
