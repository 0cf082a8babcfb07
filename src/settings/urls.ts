import { resolve } from 'node:path'
import { parseStores } from '../store/store-url.ts'
import { mustBe, setting } from './values.ts'

/** What IMAGEPORT_STORE_URL says, the default store first. Secret, because keys may stand in the URL. */
export function storeUrls(dataDir: string) {
  return setting((text) => parseStores(text, dataDir), { secret: true })
}

/** `sqlite:` with an absolute path, `sqlite::memory:`, or a PostgreSQL URL as it was given. Secret: it may hold a password. */
export function databaseUrl(cwd: string) {
  const form = 'sqlite:/a/file or postgres://user:password@host/name'
  return setting(
    (text) => {
      const file = /^sqlite:(?:\/\/(?=\/))?(.+)$/s.exec(text)?.[1]
      if (file === ':memory:') return text
      if (file !== undefined && !file.startsWith('//')) return `sqlite:${resolve(cwd, file)}`
      if (/^postgres(ql)?:\/\//.test(text)) {
        parseUrl(text, form)
        return text
      }
      throw mustBe(form)
    },
    { secret: true },
  )
}

/** The origin that links begin with; the faces' paths are fixed, so it can have none of its own. */
export function origin() {
  return setting((text) => {
    const url = parseUrl(httpUrl(text, ''), '')
    if (url.pathname === '/') return url.origin
    throw mustBe(`an origin without a path, as in ${url.origin} (the paths of the APIs are fixed)`)
  })
}

/** An http or https URL without a slash at its end. Secret, because somebody may put a password into it. */
export function serviceUrl() {
  return setting((text) => httpUrl(text, ''), { secret: true })
}

function httpUrl(text: string, subject: string): string {
  const form = `${subject} an http or https URL without user, query and fragment`.trimStart()
  const url = parseUrl(text, form)
  const extra = url.username + url.password + url.search + url.hash
  if (!/^https?:\/\//i.test(text) || extra !== '') throw mustBe(form)
  return url.href.replace(/\/+$/, '')
}

function parseUrl(text: string, form: string): URL {
  const url = URL.parse(text)
  if (!url) throw mustBe(form)
  return url
}
