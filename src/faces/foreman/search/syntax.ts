import { refuseSearch } from './refusal.ts'
import { type Sign, type Token, tokenize } from './tokens.ts'

const comparisons = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'like', 'unlike', 'in', 'notin'] as const
export type Comparator = (typeof comparisons)[number]

/** The syntax tree, simplified: no `and` directly inside of an `and`, none with a single part. */
export type Node =
  | { readonly kind: 'word'; readonly word: string }
  /** Without a field: compared with the default fields. The values of `in` and `notin` are joined by commas. */
  | {
      readonly kind: 'compare'
      readonly by: Comparator
      readonly field: string | null
      readonly value: string
    }
  | { readonly kind: 'null'; readonly field: string }
  | { readonly kind: 'notnull'; readonly field: string }
  | { readonly kind: 'not'; readonly part: Node }
  /** Only the whole query can be an `and` without parts: no condition. */
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Node[] }

/** More than anybody writes by hand; each one costs the database a comparison for every row. */
export const mostConditions = 100
/** Of parentheses and negations inside one another. */
export const deepest = 50

/**
 * foreman.md 7.2. `and` and `or` bind alike, and to the right; several things that look like mistakes are accepted.
 * @throws Failure `invalid` (reason `search`)
 */
export function parse(text: string): Node {
  const tokens = tokenize(text)
  // "All trailing non-word tokens are deleted."
  while (tokens.length > 0 && 'sign' in tokens.at(-1)!) tokens.pop()
  let at = 0
  let conditions = 0
  let depth = 0

  const peek = (): Token | undefined => tokens[at]
  const sign = (): Sign | null => signOf(peek())

  function take<S extends Sign>(...wanted: readonly S[]): S | null {
    const found = wanted.find((one) => one === sign())
    if (found !== undefined) at++
    return found ?? null
  }

  /** Expressions side by side, up to the end or to a closing parenthesis. */
  function sequence(): Node[] {
    const parts: Node[] = []
    while (at < tokens.length && sign() !== 'rparen') parts.push(expression())
    return parts
  }

  function expression(): Node {
    const terms: Node[] = []
    const operators: ('and' | 'or')[] = []
    for (let operator: 'and' | 'or' | null = 'and'; operator; operator = take('and', 'or')) {
      operators.push(operator)
      // "A leading or doubled and/or is tolerated."
      while (take('and', 'or'));
      terms.push(term())
    }
    return terms.reduceRight((right, left, i) => combine(operators[i + 1]!, [left, right]))
  }

  function term(): Node {
    if (sign() === 'lparen' || sign() === 'not') return nested()
    const kind = take('null', 'notnull')
    return kind ? { kind, field: value() } : comparison()
  }

  function nested(): Node {
    if (++depth > deepest)
      throw refuseSearch(`The search is nested too deeply: ${deepest} levels are possible`)
    let node: Node
    if (take('not')) node = { kind: 'not', part: term() }
    else {
      take('lparen')
      node = combine('and', sequence())
      take('rparen')
    }
    depth--
    return node
  }

  function comparison(): Node {
    if (++conditions > mostConditions) throw tooMany()
    take('comma')
    const token = peek()
    if (!token || 'sign' in token) {
      const by = take(...comparisons)
      if (by === 'in') return combine('or', words('eq'))
      if (by === 'notin') return combine('and', words('ne'))
      if (by) return { kind: 'compare', by, field: null, value: value() }
      throw expected(token)
    }
    at++
    if (take('comma')) return { kind: 'word', word: token.word }
    const by = take(...comparisons)
    if (!by) return { kind: 'word', word: token.word }
    const several = (by === 'in' || by === 'notin') && signOf(peek()) !== null
    return { kind: 'compare', by, field: token.word, value: several ? list().join(',') : value() }
  }

  function value(): string {
    const token = peek()
    if (!token || 'sign' in token) throw expected(token)
    at++
    return token.word
  }

  /** All words up to the closing parenthesis or the end; other tokens between them count for nothing. */
  function list(): string[] {
    const found: string[] = []
    for (; at < tokens.length && sign() !== 'rparen'; at++) {
      const token = tokens[at]!
      if ('word' in token) found.push(token.word)
    }
    take('rparen')
    return found
  }

  function words(by: Comparator): Node[] {
    const found = list()
    conditions += found.length
    if (conditions > mostConditions) throw tooMany()
    return found.map((word) => ({ kind: 'compare', by, field: null, value: word }))
  }

  // "Parsing stops at an unmatched closing parenthesis, the rest is ignored."
  const parts = sequence()
  return parts.length === 0 ? { kind: 'and', parts } : combine('and', parts)
}

function combine(kind: 'and' | 'or', parts: readonly Node[]): Node {
  if (parts.length === 0) throw refuseSearch('Empty list of operands')
  if (parts.length === 1) return parts[0]!
  return { kind, parts: parts.flatMap((part) => (part.kind === kind ? part.parts : [part])) }
}

function signOf(token: Token | undefined): Sign | null {
  return token && 'sign' in token ? token.sign : null
}

function expected(token: Token | undefined) {
  return refuseSearch(`Value expected but found ${signOf(token) ? `:${signOf(token)}` : 'nil'}`)
}

function tooMany() {
  return refuseSearch(`The search has too many conditions: ${mostConditions} are possible`)
}
