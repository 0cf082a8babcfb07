import { resources } from './resources/index.ts'
import { english } from './texts/languages.ts'

/** What `GET /api` tells (foreman.md 8.4): resource → short description → path, for what can really be called. */
export function apiLinks(): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const callable = resources.filter(({ about }) => about === null)
  return Object.fromEntries(
    callable.map(({ id, methods }) => {
      const apis = methods.flatMap((method) => method.apis)
      return [id, Object.fromEntries(apis.map(({ title, path }) => [english.texts[title], path]))]
    }),
  )
}
