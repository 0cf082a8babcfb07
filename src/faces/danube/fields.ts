import { isFailure } from '../../catalogue/failure.ts'
import type { Data } from './data.ts'
import { type FieldErrors, invalid } from './failures.ts'
import { plainText, sorted, truth, whole, words } from './scalars.ts'

/** Text that is safe to show anywhere (danube.md 1.3). */
export const safeText = /^[^<>%$&;'"]*$/
/** Names of images, datacenters, snapshots. */
export const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]*$/
const tagPattern = /^[ :/A-Za-z0-9_-]+$/

export const required = 'This field is required.'
export const invalidValue = 'Invalid value.'
export const notWhole = 'Enter a whole number.'
export const tooLong = (most: number, length: number) =>
  `Ensure this value has at most ${most} characters (it has ${length}).`
export const noChoice = (value: unknown) =>
  `Select a valid choice. ${plainText(value) ?? JSON.stringify(value)} is not one of the available choices.`
export const noSuchObject = (key: string, value: string) => `Object with ${key}=${value} does not exist.`

export type TextRule = {
  /** In characters. */
  readonly max?: number
  readonly min?: number
  /** May it be left out? An error says when not. */
  readonly required?: boolean
  /** May it be empty? Null then means empty. */
  readonly empty?: boolean
  /** `safeText` unless said; null: any text. */
  readonly pattern?: RegExp | null
}

export type NumberRule = { readonly min?: number; readonly max?: number; readonly required?: boolean }

/**
 * Reads fields by the rules of danube.md 0.3 and 1.3 and collects what is wrong with each. A reader returns undefined for
 * what was not said and for what is wrong.
 */
export type Fields = {
  /** Was the field named at all, whatever its value? */
  has(name: string): boolean
  text(name: string, rule?: TextRule): string | undefined
  boolean(name: string): boolean | undefined
  integer(name: string, rule?: NumberRule): number | undefined
  /** One of some numbers. */
  choice<T extends number>(name: string, choices: readonly T[]): T | undefined
  /** One of some words. */
  word<T extends string>(name: string, choices: readonly T[]): T | undefined
  /** Sorted and without repetition. */
  tags(name: string): string[] | undefined
  /** Texts without repetition, in the order given: an array, or one text as tags may be written. Null: none. */
  list(name: string, pattern?: RegExp): string[] | undefined
  /** Of `http` or `https`; the text as it was given. One that may be missing may be empty, too. */
  url(name: string, rule?: { readonly max?: number; readonly required?: boolean }): string | undefined
  /** Tests a value that came from elsewhere, such as a segment of the path, like a text field of this name. */
  check(name: string, value: unknown, rule?: TextRule): string | undefined
  /** Notes what a handler found wrong. */
  fail(name: string, message: string): void
  /** Notes what the catalogue finds wrong with fields; any other failure goes its way. */
  noting(check: () => Promise<void>): Promise<void>
  failed(name?: string): boolean
  /** Field → messages, in the order in which they were found. */
  errors(): FieldErrors
  /** @throws Refusal 400 when anything is wrong. */
  demand(): void
}

export function fields(data: Data): Fields {
  const found = new Map<string, string[]>()

  function fail(name: string, message: string): undefined {
    const messages = found.get(name) ?? []
    found.set(name, messages)
    if (!messages.includes(message)) messages.push(message)
  }

  function check(name: string, value: unknown, rule: TextRule = {}): string | undefined {
    const { max, min, empty = false, pattern = safeText } = rule
    if (value === undefined) return rule.required ? fail(name, required) : undefined
    if (value === null || value === '') return empty ? '' : fail(name, required)
    const text = plainText(value)
    if (text === null) return fail(name, invalidValue)
    const length = [...text].length
    const fits = pattern === null || pattern.test(text)
    if (!fits) fail(name, invalidValue)
    if (max !== undefined && length > max) return fail(name, tooLong(max, length))
    if (min !== undefined && length < min)
      return fail(name, `Ensure this value has at least ${min} characters (it has ${length}).`)
    return fits ? text : undefined
  }

  function integer(name: string, rule: NumberRule = {}): number | undefined {
    const value = data[name]
    if (value === undefined) return rule.required ? fail(name, required) : undefined
    if (value === null || value === '') return fail(name, required)
    const number = whole(value)
    if (number === null) return fail(name, notWhole)
    if (rule.min !== undefined && number < rule.min)
      return fail(name, `Ensure this value is greater than or equal to ${rule.min}.`)
    if (rule.max !== undefined && number > rule.max)
      return fail(name, `Ensure this value is less than or equal to ${rule.max}.`)
    return number
  }

  function list(name: string, pattern: RegExp = safeText): string[] | undefined {
    const value = data[name]
    if (value === undefined) return undefined
    if (value === null) return []
    const items = typeof value === 'string' ? words(value) : value
    if (!Array.isArray(items)) return fail(name, invalidValue)
    const texts = items.map((item) => (typeof item === 'string' ? plainText(item) : null))
    if (texts.some((text) => text === null || text === '' || !pattern.test(text)))
      return fail(name, invalidValue)
    return [...new Set(texts as string[])]
  }

  return {
    has: (name) => data[name] !== undefined,
    text: (name, rule) => check(name, data[name], rule),
    boolean: (name) => (data[name] === undefined ? undefined : truth(data[name])),
    integer,

    choice(name, choices) {
      const number = integer(name)
      if (number === undefined) return undefined
      return choices.find((choice) => choice === number) ?? fail(name, noChoice(data[name]))
    },

    word(name, choices) {
      const value = data[name]
      if (value === undefined) return undefined
      if (value === null || value === '') return fail(name, required)
      return choices.find((choice) => choice === value) ?? fail(name, noChoice(value))
    },

    tags(name) {
      const tags = list(name, tagPattern)
      return tags && sorted(tags)
    },

    list,

    url(name, { max = 1024, required } = {}) {
      const value = data[name]
      if (!required && (value === null || value === '')) return undefined
      const text = check(name, value, { max, pattern: null, ...(required ? { required } : {}) })
      if (text === undefined) return undefined
      return isWebUrl(text) ? text : fail(name, invalidValue)
    },

    check,
    fail,

    async noting(check) {
      try {
        await check()
      } catch (error) {
        if (!isFailure(error, 'invalid') || !error.detail.fields) throw error
        for (const [name, messages] of Object.entries(error.detail.fields))
          for (const message of messages) fail(name, message)
      }
    },

    failed: (name) => (name === undefined ? found.size > 0 : found.has(name)),
    errors: () => Object.fromEntries(found),
    demand() {
      if (found.size > 0) throw invalid(Object.fromEntries(found))
    },
  }
}

/** Hosts of one label are fine: names inside of compose files and clusters are such (1.3). */
function isWebUrl(text: string): boolean {
  if (!/^https?:\/\/[^\s/?#]+(?:[/?#]\S*)?$/i.test(text)) return false
  return URL.canParse(text) && new URL(text).hostname !== ''
}
