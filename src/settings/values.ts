import { resolve } from 'node:path'
import ipaddr from 'ipaddr.js'
import { z } from 'zod'
import { Failure } from '../catalogue/failure.ts'

const { IPv4, IPv6 } = ipaddr

/** Says what a value must be; the reader adds which setting it is and what was found. */
export function mustBe(what: string): Failure {
  return new Failure('invalid', `must be ${what}`, { reason: 'setting' })
}

/** A setting read from its text. `parse` throws the Failure of `mustBe`; a secret is never repeated in the message. */
export function setting<T>(parse: (text: string) => T, { secret = false } = {}) {
  return z.string().transform((text, context): T => {
    try {
      return parse(text)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      const found = secret ? '' : `, not ${JSON.stringify(text)}`
      context.addIssue({ code: 'custom', message: `${error.message}${found}` })
      return z.NEVER
    }
  })
}

export const text = (options?: { secret: boolean }) => setting((value) => value, options)

export function whole(least: number, most = Number.MAX_SAFE_INTEGER) {
  return setting((value) => wholeNumber(value, least, most))
}

/** A whole number, or null for the given word. */
export function wholeOr(word: string, least: number, most = Number.MAX_SAFE_INTEGER) {
  return setting((value) => (value === word ? null : wholeNumber(value, least, most, `${word} or `)))
}

function wholeNumber(value: string, least: number, most: number, otherwise = ''): number {
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN
  if (number >= least && number <= most) return number
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`
  throw mustBe(`${otherwise}a whole number ${range}`)
}

const units = ['', 'KB', 'MB', 'GB', 'TB']

/** Bytes: `1048576`, `1024KB` or `1MB`; the units are powers of 1024. */
export function bytes(least: number) {
  return setting((value) => byteNumber(value, least))
}

/** Bytes, or null for `none`. */
export function bytesOrNone(least: number) {
  return setting((value) => (value === 'none' ? null : byteNumber(value, least, 'none or ')))
}

function byteNumber(value: string, least: number, otherwise = ''): number {
  const match = /^(\d+) *(|KB|MB|GB|TB)$/i.exec(value)
  const number = match ? Number(match[1]) * 1024 ** units.indexOf(match[2]!.toUpperCase()) : Number.NaN
  if (Number.isSafeInteger(number) && number >= least) return number
  const range = least > 0 ? ` of at least ${least}` : ''
  throw mustBe(`${otherwise}a number of bytes${range}, as in 1048576, 500MB or 2TB`)
}

export function oneOf<const Word extends string>(...words: Word[]) {
  return setting((value): Word => word(value, words))
}

function word<Word extends string>(value: string, words: readonly Word[]): Word {
  const found = words.find((candidate) => candidate === value)
  if (found === undefined) throw mustBe(words.length === 1 ? words[0]! : `one of ${words.join(', ')}`)
  return found
}

export function onOff() {
  return setting((value) => {
    if (/^(on|true|yes|1)$/i.test(value)) return true
    if (/^(off|false|no|0)$/i.test(value)) return false
    throw mustBe('on or off')
  })
}

/** Comma-separated items, each read by `item`; the given word alone means none. */
export function listOf<T>(item: (text: string) => T, none = 'none') {
  return setting((value): readonly T[] => {
    const items = value === none ? [] : splitList(value)
    if (new Set(items).size < items.length) throw mustBe('a list without repetitions')
    return items.map(item)
  })
}

export function wordsOf<const Word extends string>(words: readonly Word[]) {
  return listOf((item) => {
    if (!words.includes(item as Word)) throw mustBe(`a list out of ${words.join(', ')}, or none`)
    return item as Word
  })
}

export function splitList(value: string): string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/** An address or a CIDR. The short and octal forms of IPv4 that some parsers take are refused. */
export function network(item: string): string {
  const [address = '', bits, more] = item.split('/')
  const isIPv4 = IPv4.isValidFourPartDecimal(address)
  const fits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (isIPv4 ? 32 : 128))
  if ((isIPv4 || IPv6.isValid(address)) && fits && more === undefined) return item
  throw mustBe('a list of addresses and CIDRs, as in 10.0.0.7, 192.0.2.0/24 or fd00::/8')
}

/** An absolute path; a relative one counts from `cwd`. */
export function path(cwd: string) {
  return setting((value) => resolve(cwd, value))
}

/** An absolute path, or null for `off`. */
export function pathOrOff(cwd: string) {
  return setting((value) => (value === 'off' ? null : resolve(cwd, value)))
}

/** What a listener takes: an address or a name, without scheme and port. */
export function host() {
  return setting((value) => {
    const bare = value.replace(/^\[(.*)\]$/, '$1')
    if (IPv4.isValidFourPartDecimal(bare) || IPv6.isValid(bare)) return bare
    if (/^(?=.*[a-z])[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(value)) return value
    throw mustBe('an address or a host name, without scheme and port')
  })
}
