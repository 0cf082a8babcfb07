import type { FieldErrors } from './failures.ts'

/**
 * Body validation in the manner and words of Django REST framework: every bad field is told at once
 * (onecloudplanet.md 2.2). A reader returns the value, or the message in a `Bad`.
 */
export type Body = Readonly<Record<string, unknown>>

const bad = Symbol('bad')
type Bad = { readonly [bad]: string }
export type Reader<T> = (value: unknown) => T | Bad

export const complaint = (message: string): Bad => ({ [bad]: message })

function isBad(value: unknown): value is Bad {
  return typeof value === 'object' && value !== null && bad in value
}

export type Form = {
  /** Undefined when the field is absent, or bad. */
  optional<T>(name: string, reader: Reader<T>): T | undefined
  required<T>(name: string, reader: Reader<T>): T | undefined
  complain(name: string, message: string): void
  readonly errors: FieldErrors
}

export function form(body: Body): Form {
  const errors: Record<string, string[]> = {}
  const complain = (name: string, message: string) => {
    errors[name] = [...(Object.hasOwn(errors, name) ? errors[name]! : []), message]
  }
  function optional<T>(name: string, reader: Reader<T>): T | undefined {
    if (!Object.hasOwn(body, name)) return undefined
    const read = reader(body[name])
    if (!isBad(read)) return read
    complain(name, read[bad])
    return undefined
  }
  return {
    optional,
    required(name, reader) {
      if (!Object.hasOwn(body, name)) complain(name, 'This field is required.')
      return optional(name, reader)
    },
    complain,
    errors,
  }
}

const isNull = complaint('This field may not be null.')
const noString = complaint('Not a valid string.')
const noInteger = complaint('A valid integer is required.')
const largest = 2_147_483_647

/** Text. As the framework does, numbers are taken for their text, booleans are not. */
export function text(limits: { readonly blank?: boolean; readonly longest?: number } = {}): Reader<string> {
  const { blank = false, longest = Number.POSITIVE_INFINITY } = limits
  return (value) => {
    if (value === null || value === undefined) return isNull
    if (typeof value !== 'string' && typeof value !== 'number') return noString
    const read = String(value)
    if (!blank && read.trim() === '') return complaint('This field may not be blank.')
    if (read.includes('\0')) return complaint('Null characters are not allowed.')
    if ([...read].length > longest)
      return complaint(`Ensure this field has no more than ${longest} characters.`)
    return read
  }
}

/** Null and empty text both mean "no value". */
export function orNull<T>(reader: Reader<T>): Reader<T | null> {
  return (value) => (value === null || value === '' ? null : reader(value))
}

/** 0 and above, as a number or its text. */
export const size: Reader<number> = (value) => {
  const read = integer(value)
  if (typeof read !== 'number') return read
  if (read < 0) return complaint('Ensure this value is greater than or equal to 0.')
  return read > largest ? complaint(`Ensure this value is less than or equal to ${largest}.`) : read
}

export const integer: Reader<number> = (value) => {
  if (value === null || value === undefined) return isNull
  if (typeof value !== 'number' && typeof value !== 'string') return noInteger
  const digits = /^\s*([+-]?\d+)(?:\.0*)?\s*$/.exec(String(value))?.[1]
  return digits === undefined ? noInteger : Number(digits)
}

const yes: readonly unknown[] = [
  't',
  'T',
  'y',
  'Y',
  'yes',
  'Yes',
  'YES',
  'true',
  'True',
  'TRUE',
  'on',
  'On',
  'ON',
  '1',
  1,
  true,
]
const no: readonly unknown[] = [
  'f',
  'F',
  'n',
  'N',
  'no',
  'No',
  'NO',
  'false',
  'False',
  'FALSE',
  'off',
  'Off',
  'OFF',
  '0',
  0,
  false,
]

export const boolean: Reader<boolean> = (value) => {
  if (value === null || value === '' || value === 'null') return isNull
  if (yes.includes(value)) return true
  return no.includes(value) ? false : complaint('Must be a valid boolean.')
}

export function choice(words: readonly string[]): Reader<string> {
  return (value) => {
    if (value === null || value === undefined) return isNull
    const word =
      typeof value === 'string' || typeof value === 'number' ? String(value) : JSON.stringify(value)
    return words.includes(word) ? word : complaint(`"${word}" is not a valid choice.`)
  }
}

export const tags: Reader<string[]> = (value) => {
  if (value === null) return isNull
  if (!Array.isArray(value)) return complaint(`Expected a list of items but got type "${typeName(value)}".`)
  const item = text({ longest: 255 })
  const read = value.map(item)
  return read.find(isBad) ?? (read as string[])
}

/** Names and their texts; the names themselves are checked by those who know which are free. */
export const properties: Reader<Record<string, string>> = (value) => {
  if (value === null) return isNull
  if (typeof value !== 'object' || Array.isArray(value))
    return complaint(`Expected a dictionary of items but got type "${typeName(value)}".`)
  const item = text({ blank: true })
  const read = Object.entries(value as object).map(([name, one]) => [name, item(one)] as const)
  return read.map(([, one]) => one).find(isBad) ?? (Object.fromEntries(read) as Record<string, string>)
}

/** What Python calls the type of a JSON value. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'NoneType'
  if (Array.isArray(value)) return 'list'
  switch (typeof value) {
    case 'string':
      return 'str'
    case 'boolean':
      return 'bool'
    case 'number':
      return Number.isInteger(value) ? 'int' : 'float'
    default:
      return 'dict'
  }
}
