import { parseInstant } from '../../../catalogue/time.ts'
import { bad } from '../failures.ts'

/** What stands before the first colon of a filter, and what follows; without a colon the operator is `eq`. */
export function splitOperator(expression: string): { readonly operator: string; readonly value: string } {
  const colon = expression.indexOf(':')
  // A bare time has colons of its own (glance.md 6.3).
  if (colon < 0 || parseInstant(expression) !== null) return { operator: 'eq', value: expression }
  return { operator: expression.slice(0, colon), value: expression.slice(colon + 1) }
}

/** Values in one list: each is a parameter of the query, of which a database takes some ten thousand. */
const mostValues = 1_000

/** The values that a filter by equality may have: one, or those of `in:`. @throws Refusal 400 */
export function wantedValues(expression: string): readonly string[] {
  const { operator, value } = splitOperator(expression)
  if (operator === 'eq') return [value]
  if (operator === 'in') {
    const values = [...new Set(splitValues(value))]
    if (values.length > mostValues) throw bad(`A filter may have at most ${mostValues} values.`)
    return values
  }
  throw bad(`Unable to filter by unknown operator '${operator}'.`)
}

/**
 * The values of an `in:` list: separated by commas, and in double quotes where they hold commas themselves; `\"` is a
 * quote inside of quotes. @throws Refusal 400
 */
export function splitValues(list: string): string[] {
  const values: string[] = []
  let rest = list
  for (;;) {
    if (rest.startsWith('"')) {
      const quoted = /^"((?:\\"|[^"\\]|\\(?!"))*)"/.exec(rest)
      if (!quoted) throw bad(`Invalid filter value ${list}. The quote is not closed.`)
      values.push(quoted[1]!.replaceAll('\\"', '"'))
      rest = rest.slice(quoted[0].length)
      if (rest !== '' && !rest.startsWith(','))
        throw bad(`Invalid filter value ${list}. There is no comma after closing quotation mark.`)
    } else {
      const plain = /^[^,]*/.exec(rest)![0]
      if (/(?<!\\)"/.test(plain)) {
        // Which of the two is wrong depends on whether the quote that was opened here is ever closed.
        const isOpen = (rest.match(/(?<!\\)"/g) ?? []).length % 2 === 1
        const what = isOpen ? 'The quote is not closed.' : 'There is no comma before opening quotation mark.'
        throw bad(`Invalid filter value ${list}. ${what}`)
      }
      values.push(plain.replaceAll('\\"', '"'))
      rest = rest.slice(plain.length)
    }
    if (rest === '') return values
    rest = rest.slice(1)
  }
}
