import type { Filter } from '../../../catalogue/search.ts'
import { integerFilter, setFilter, textFilter } from './conditions.ts'
import { type Clock, dateFilter } from './dates.ts'
import { refuseSearch } from './refusal.ts'
import { findField, type Resource } from './resource.ts'
import { type Comparator, type Node, parse } from './syntax.ts'

/**
 * What a `search` parameter asks of a resource; null where it is no condition at all (foreman.md 7).
 * @throws Failure `invalid` (reason `search`) with the messages of 7.8
 */
export function compileSearch(text: string | null, resource: Resource, clock: Clock): Filter | null {
  return text === null ? null : compileNode(parse(text), resource, clock)
}

/** Null: the term has vanished, because it says nothing about this resource. */
function compileNode(node: Node, resource: Resource, clock: Clock): Filter | null {
  switch (node.kind) {
    case 'word':
      return freeText(node.word, resource)
    case 'compare':
      return node.field === null
        ? prefixed(node.by, node.value, resource)
        : compared(node.field, node.by, node.value, resource, clock)
    case 'null':
      return missing(node.field, resource)
    case 'notnull':
      return { not: missing(node.field, resource) }
    case 'not': {
      const part = compileNode(node.part, resource, clock)
      if (part === null) throw refuseSearch('No operands found')
      return { not: part }
    }
    default: {
      const parts = node.parts.map((part) => compileNode(part, resource, clock))
      return joined(node.kind === 'and' ? 'all' : 'any', parts)
    }
  }
}

function joined(how: 'all' | 'any', parts: readonly (Filter | null)[]): Filter | null {
  const present = parts.filter((part) => part !== null)
  if (present.length <= 1) return present[0] ?? null
  return how === 'all' ? { all: present } : { any: present }
}

/** "A word that is exactly the name of a boolean field means: that field is true." Any other is looked for (7.3). */
function freeText(word: string, resource: Resource): Filter | null {
  const field = findField(resource, word)
  if (field?.kind === 'set' && Object.hasOwn(field.values, 'true'))
    return setFilter(word, field, 'eq', 'true')
  return overDefaults('like', word, resource)
}

/** An OR over the default fields, so that `!= root` finds almost everything. Sizes know no default field. */
function prefixed(by: Comparator, value: string, resource: Resource): Filter | null {
  return by === 'eq' || by === 'ne' || by === 'like' || by === 'unlike'
    ? overDefaults(by, value, resource)
    : null
}

function overDefaults(by: Comparator, value: string, resource: Resource): Filter | null {
  const parts = Object.keys(resource.fields).map((name) => {
    const field = findField(resource, name)!
    return field.kind === 'string' && !field.explicitOnly ? textFilter(field, by, value) : null
  })
  return joined('any', parts)
}

function compared(
  name: string,
  by: Comparator,
  value: string,
  resource: Resource,
  clock: Clock,
): Filter | null {
  const field = demandField(name, resource)
  switch (field.kind) {
    case 'string':
      return textFilter(field, by, value)
    case 'integer':
      return integerFilter(name, field, by, value)
    case 'set':
      return setFilter(name, field, by, value)
    case 'date':
      return dateFilter(name, field.field, by, value, clock)
  }
}

function missing(name: string, resource: Resource): Filter {
  const field = demandField(name, resource)
  if ('constant' in field) return field.constant === null ? { all: [] } : { any: [] }
  return { field: field.field, missing: true }
}

function demandField(name: string, resource: Resource) {
  const field = findField(resource, name)
  if (!field) throw refuseSearch(`Field '${name}' not recognized for searching!`)
  return field
}
