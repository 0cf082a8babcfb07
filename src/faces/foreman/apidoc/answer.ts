import { createHash } from 'node:crypto'
import { checksum } from './checksum.ts'
import { documentOf, excerptOf } from './document.ts'
import { version } from './model.ts'
import type { Format } from './pages/links.ts'
import { indexPage, type Missing, methodPage, missingPage, resourcePage } from './pages/pages.ts'
import { resources } from './resources/index.ts'
import { stylesheet } from './stylesheet.ts'
import { english, findLanguage, type Language } from './texts/languages.ts'

export type Answer = {
  readonly status: 200 | 404
  readonly type: string
  readonly body: Buffer
  readonly etag: string
  /** Does the body depend on `Accept`? */
  readonly negotiated: boolean
  /** Seconds for which it may be kept without asking. */
  readonly keep: number
}

const types = {
  html: 'text/html; charset=utf-8',
  json: 'application/json; charset=utf-8',
  css: 'text/css; charset=utf-8',
}

/** Pages are made once. There are as many as resources, methods and languages allow, a few hundred. */
const made = new Map<string, Buffer>()

function once(key: string, make: () => string): Buffer {
  const known = made.get(key)
  if (known) return known
  const body = Buffer.from(make())
  made.set(key, body)
  return body
}

/**
 * The answer to a path at or below `/apidoc` (foreman.md 11.1).
 * @param path without query, still percent-encoded
 * @param preferred what to answer with where the path does not say it
 */
export function answerTo(path: string, preferred: Format): Answer {
  const plain = decoded(path.replace(/\/+$/, ''))
  if (plain === stylesheet.path) return found(types.css, stylesheet.content, false, 365 * 86_400)
  const { base, language, format, negotiated } = suffixesOf(plain ?? '', preferred)
  if (base === '/apidoc/apipie_checksum')
    return found(types.json, Buffer.from(JSON.stringify({ checksum })), false, 0)
  const page: Buffer | Missing = plain === undefined ? { what: 'page' } : find(base, language, format)
  if (!('what' in page)) return found(types[format], page, negotiated, 0)
  const body = format === 'json' ? '' : missingPage(page, language)
  return { ...found(types[format], Buffer.from(body), negotiated, 0), status: 404 }
}

function find(base: string, language: Language, format: Format): Buffer | Missing {
  const [, first, second, third, method, ...more] = base.split('/')
  if (first !== 'apidoc' || more.length > 0) return { what: 'page' }
  if (second !== undefined && second !== version) return { what: 'version', version: second }

  const key = `${base} ${language.code} ${format}`
  const { texts } = language
  if (third === undefined) {
    if (format === 'html') return once(key, () => indexPage(language))
    return once(key, () => JSON.stringify(documentOf(texts)))
  }
  const resource = resources.find(({ id }) => id === third)
  if (!resource) return { what: 'resource', resource: third }
  const one = method === undefined ? undefined : resource.methods.find(({ name }) => name === method)
  if (method !== undefined && !one) return { what: 'method', resource: third, method }
  return once(key, () => {
    if (format === 'json') return JSON.stringify(excerptOf(texts, resource, one))
    return one ? methodPage(resource, one, language) : resourcePage(resource, language)
  })
}

function found(type: string, body: Buffer, negotiated: boolean, keep: number): Answer {
  const digest = createHash('sha1').update(body).digest('base64url')
  return { status: 200, type, body, etag: `W/"${digest}"`, negotiated, keep }
}

/** `…/images.fr.html` → base, language and format. The language comes from here and from nowhere else. */
function suffixesOf(path: string, preferred: Format) {
  const [, named, said] = /^(.*)\.(html|json)$/s.exec(path) ?? ['', path, undefined]
  const format = (said as Format | undefined) ?? preferred
  const [, base = '', code = ''] = /^(.*)\.([^./]+)$/s.exec(named!) ?? []
  const language = findLanguage(code)
  const common = { format, negotiated: said === undefined }
  return language ? { ...common, base, language } : { ...common, base: named!, language: english }
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}
