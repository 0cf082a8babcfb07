import { isFailure } from '../../../catalogue/failure.ts'
import { findField, type Resource, type SearchField } from './resource.ts'
import { parse } from './syntax.ts'
import { type Token, tokenize } from './tokens.ts'

/** One continuation of a search that is being typed: `label` is the whole, `part` is what was added to `completed`. */
export type Suggestion = {
  readonly completed: string
  readonly part: string
  readonly label: string
  readonly category: string
}
export type Complaint = { readonly error: string }

const operators: Readonly<Record<SearchField['kind'], readonly string[]>> = {
  string: ['=', '!=', '~', '!~', '^', '!^'],
  integer: ['=', '!=', '<', '<=', '>', '>=', '^', '!^'],
  set: ['=', '!='],
  date: ['=', '!=', '<', '<=', '>', '>='],
}
const dateWords = ['today', 'yesterday', '"2 days ago"']

/**
 * How a search could go on, by the rules of the language alone. The contract has no route for it; the shape is the one
 * that Foreman's search box reads.
 */
export function complete(text: string, resource: Resource): readonly (Suggestion | Complaint)[] {
  try {
    parse(text)
    const tokens = tokenize(text)
    // The last word is still being typed unless something follows it.
    const typing = /[^\s()=~<>&|,^"]$/.test(text) && tokens.length > 0
    const before = typing ? tokens.slice(0, -1) : tokens
    const completed = typing ? text.slice(0, text.length - lastWord(text).length) : text
    const beginning = typing ? lastWord(text).toLowerCase() : ''
    return continuations(before, resource)
      .filter(({ part }) => part.toLowerCase().startsWith(beginning))
      .map(({ part, category }) => {
        const head = completed === '' || /[\s(]$/.test(completed) ? completed : `${completed} `
        return { completed: head, part, label: `${head}${part}`, category }
      })
  } catch (error) {
    if (isFailure(error, 'invalid')) return [{ error: error.message }]
    throw error
  }
}

type Continuation = { readonly part: string; readonly category: string }

function lastWord(text: string): string {
  return /[^\s()=~<>&|,^"]+$/.exec(text)?.[0] ?? ''
}

function continuations(before: readonly Token[], resource: Resource): Continuation[] {
  const [previous, last] = [before.at(-2), before.at(-1)]
  const names = Object.keys(resource.fields)
  if (last && 'sign' in last) {
    if (last.sign === 'null' || last.sign === 'notnull') return plain(names)
    const field = previous && 'word' in previous ? findField(resource, previous.word) : null
    const isLogic = ['and', 'or', 'not', 'lparen', 'comma', 'rparen'].includes(last.sign)
    if (!isLogic) return plain(field ? valuesOf(field) : [])
    if (last.sign === 'rparen') return logic('and', 'or')
  }
  const field = last && 'word' in last && !isValue(before) ? findField(resource, last.word) : null
  if (field) return plain(operators[field.kind])
  if (last && 'word' in last) return logic('and', 'or')
  return [...plain(names), ...logic('not', 'has')]
}

/** Does the last word stand behind a comparison? Then it is no field. */
function isValue(before: readonly Token[]): boolean {
  const sign = before.at(-2)
  return sign !== undefined && 'sign' in sign && !['and', 'or', 'not', 'lparen', 'comma'].includes(sign.sign)
}

function valuesOf(field: SearchField): readonly string[] {
  if (field.kind === 'set') return Object.keys(field.values)
  return field.kind === 'date' ? dateWords : []
}

const plain = (parts: readonly string[]): Continuation[] => parts.map((part) => ({ part, category: '' }))
const logic = (...parts: string[]): Continuation[] => parts.map((part) => ({ part, category: 'Operators' }))
