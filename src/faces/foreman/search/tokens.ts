import { refuseSearch } from './refusal.ts'

/** The names are part of the contract: error messages show them (foreman.md 7.2). */
export type Sign =
  | 'lparen'
  | 'rparen'
  | 'comma'
  | 'and'
  | 'or'
  | 'not'
  | 'eq'
  | 'ne'
  | 'gt'
  | 'lt'
  | 'gte'
  | 'lte'
  | 'like'
  | 'unlike'
  | 'in'
  | 'notin'
  | 'null'
  | 'notnull'

export type Token = { readonly word: string } | { readonly sign: Sign }

const signs: ReadonlyMap<string, Sign> = new Map([
  ['(', 'lparen'],
  [')', 'rparen'],
  [',', 'comma'],
  ['&', 'and'],
  ['&&', 'and'],
  ['|', 'or'],
  ['||', 'or'],
  ['-', 'not'],
  ['!', 'not'],
  ['=', 'eq'],
  ['==', 'eq'],
  ['!=', 'ne'],
  ['<>', 'ne'],
  ['>', 'gt'],
  ['<', 'lt'],
  ['>=', 'gte'],
  ['<=', 'lte'],
  ['~', 'like'],
  ['!~', 'unlike'],
  ['^', 'in'],
  ['!^', 'notin'],
])

/** Bare words that mean more, in any case of letters. */
const keywords: ReadonlyMap<string, Sign> = new Map([
  ['and', 'and'],
  ['or', 'or'],
  ['not', 'not'],
  ['has', 'notnull'],
  ['set?', 'notnull'],
  ['null?', 'null'],
  ['before', 'lt'],
  ['after', 'gt'],
  ['at', 'eq'],
])

/** Longer than any address line that servers take; one value as a pattern stays below SQLite's 50,000 bytes. */
export const longestSearch = 8192

/** foreman.md 7.1. @throws Failure `invalid` (reason `search`) when it is too long or holds NUL */
export function tokenize(text: string): Token[] {
  if (text.length > longestSearch)
    throw refuseSearch(`The search is too long: ${longestSearch} characters are possible`)
  if (text.includes('\0')) throw refuseSearch('The search must not contain the character NUL')
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    const pair = text.slice(at, at + 2)
    const operator = signs.has(pair) ? pair : pair[0]!
    const sign = signs.get(operator)
    if (isBlank(operator)) at++
    else if (sign) {
      tokens.push({ sign })
      at += operator.length
    } else if (operator === '"') {
      const { word, end } = readQuoted(text, at + 1)
      tokens.push({ word })
      at = end
    } else {
      bareWord.lastIndex = at
      const [word] = bareWord.exec(text)!
      const keyword = keywords.get(word.toLowerCase())
      tokens.push(keyword ? { sign: keyword } : { word })
      at += word.length
    }
  }
  return tokens
}

/** `!`, `^`, `-` and quotation marks inside of a word are ordinary characters: `name!=x` begins with `name!`. */
const bareWord = /[^=~<>&|(), \t\n\v\f\r]+/y

function isBlank(character: string): boolean {
  return ' \t\n\v\f\r'.includes(character)
}

/** Up to the next quotation mark or the end; a backslash takes the next character as it is. */
function readQuoted(text: string, start: number): { readonly word: string; readonly end: number } {
  let word = ''
  for (let at = start; at < text.length; at++) {
    if (text[at] === '"') return { word, end: at + 1 }
    if (text[at] === '\\') at++
    word += text[at] ?? ''
  }
  return { word, end: text.length }
}
