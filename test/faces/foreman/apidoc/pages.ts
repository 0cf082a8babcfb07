import Fastify, { type FastifyInstance } from 'fastify'
import { linkTo, type Place } from '../../../../src/faces/foreman/apidoc/pages/links.ts'
import { resources } from '../../../../src/faces/foreman/apidoc/resources/index.ts'
import { apidocRoutes } from '../../../../src/faces/foreman/apidoc/routes.ts'
import { type Language, languages } from '../../../../src/faces/foreman/apidoc/texts/languages.ts'

/** The documentation alone, on a server that is set up like ours. */
export function documentationServer(): FastifyInstance {
  const app = Fastify({ routerOptions: { ignoreTrailingSlash: true, maxParamLength: 1024 } })
  apidocRoutes(app)
  return app
}

export const places: readonly Place[] = [
  {},
  ...resources.flatMap(({ id, methods }) => [
    { resource: id },
    ...methods.map(({ name }) => ({ resource: id, method: name })),
  ]),
]

export const everyPage: readonly { readonly url: string; readonly language: Language }[] = languages.flatMap(
  (language) => places.map((place) => ({ url: linkTo(place, language), language })),
)

const empty = new Set(['meta', 'link', 'wbr', 'br', 'img', 'input', 'hr'])

/** What is wrong with the markup: tags that do not match, bare `<` and `&`, attributes without quotes or twice, ids twice. */
export function markupProblems(page: string): readonly string[] {
  const problems: string[] = []
  const open: string[] = []
  const ids = new Set<string>()
  const rest = page.replace(/^<!doctype html>\n/, '')
  if (rest === page) problems.push('no doctype')
  const text = rest.replace(
    /<(\/?)([a-z][a-z0-9]*)((?:\s+[a-z-]+(?:="[^"<>]*")?)*)\s*>/g,
    (_, close, tag, attributes) => {
      if (close) {
        const expected = open.pop()
        if (expected !== tag) problems.push(`</${tag}> closes <${expected}>`)
      } else if (!empty.has(tag)) open.push(tag)
      const names = new Set<string>()
      for (const [, name, value] of String(attributes).matchAll(/([a-z-]+)(?:="([^"]*)")?/g)) {
        if (names.has(name!)) problems.push(`${name} twice in <${tag}>`)
        names.add(name!)
        if (name !== 'id') continue
        if (ids.has(value!)) problems.push(`id ${value} twice`)
        ids.add(value!)
      }
      return ''
    },
  )
  if (/[<>]/.test(text)) problems.push(`a bare angle bracket: ${/.{0,40}[<>].{0,40}/s.exec(text)![0]}`)
  if (/&(?!(?:amp|lt|gt|quot);)/.test(page)) problems.push('a bare ampersand')
  if (open.length > 0) problems.push(`left open: ${open.join(' ')}`)
  for (const [, id] of page.matchAll(/aria-labelledby="([^"]+)"/g))
    if (!ids.has(id!)) problems.push(`no id ${id}`)
  return problems
}

/** What people read of a page. */
export const readable = (page: string): string =>
  page
    .replace(/<wbr>/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ')
