import type { Method, Resource } from '../model.ts'
import { resources } from '../resources/index.ts'
import { english, type Language } from '../texts/languages.ts'
import { type Html, html } from './html.ts'
import { fill, layout } from './layout.ts'
import { linkTo } from './links.ts'
import { methodBlock } from './method.ts'
import { call } from './parts.ts'

/** All resources and their operations (foreman.md 11.3, point 6). */
export function indexPage(language: Language): string {
  const { texts } = language
  const full = resources.filter(({ methods }) => methods.length > 0)
  const empty = resources.filter(({ methods }) => methods.length === 0)
  const body = html`<h1>${texts['ui.title']}</h1>
<p class="lead">${texts['ui.info']}</p>
<h2 id="resources">${texts['ui.resources']}</h2>
<nav class="chips" aria-labelledby="resources"><ul>
${full.map(({ id, heading }) => html`<li><a href="#${id}">${texts[heading]}</a></li>\n`)}</ul></nav>
${full.map((each) => overview(each, language))}<section class="resource">
<h3>${texts['ui.emptyHeading']}</h3>
<p>${texts['absent.empty']}</p>
<ul class="plain">
${empty.map(({ id, heading }) => html`<li><a href="${linkTo({ resource: id }, language)}">${texts[heading]}</a></li>\n`)}</ul>
</section>
`
  return layout({ language, place: {}, heading: `Foreman API`, crumbs: [], body })
}

function overview({ id, heading, methods }: Resource, language: Language): Html {
  const { texts } = language
  return html`<section class="resource">
<h3 id="${id}"><a href="${linkTo({ resource: id }, language)}">${texts[heading]}</a></h3>
<table class="operations" aria-labelledby="${id}">
<thead><tr><th scope="col">${texts['ui.operation']}</th><th scope="col">${texts['ui.description']}</th></tr></thead>
<tbody>
${methods.map(({ name, apis }) =>
  apis.map(
    (api) =>
      html`<tr><th scope="row"><a class="quiet" href="${linkTo({ resource: id, method: name }, language)}">${call(api)}</a></th><td>${texts[api.title]}</td></tr>\n`,
  ),
)}</tbody>
</table>
</section>
`
}

/** A resource with everything that can be done with it (foreman.md 11.3, points 3 to 5). */
export function resourcePage(resource: Resource, language: Language): string {
  const { texts } = language
  const { id, heading, about, methods } = resource
  const contents = html`<nav class="chips" aria-label="${texts['ui.onThisPage']}"><ul>
${methods.map(
  ({ name, apis }) => html`<li><a href="#${name}"><code>${name}</code> ${texts[apis[0]!.title]}</a></li>\n`,
)}</ul></nav>
`
  const body = html`<h1>${texts[heading]}</h1>
${about === null ? null : html`<p class="lead">${texts[about]}</p>\n`}${methods.length > 1 ? contents : null}${methods.map(
  (method) => methodBlock(resource, method, language, { linked: true }),
)}`
  return layout({
    language,
    place: { resource: id },
    heading: texts[heading],
    crumbs: [{ text: texts[heading] }],
    body,
  })
}

/** One method alone. */
export function methodPage(resource: Resource, method: Method, language: Language): string {
  const { texts } = language
  const heading = texts[resource.heading]
  const body = html`<h1>${heading} <span class="of"><code>${method.name}</code></span></h1>
${resource.about === null ? null : html`<p class="lead">${texts[resource.about]}</p>\n`}${methodBlock(resource, method, language, { linked: false })}`
  return layout({
    language,
    place: { resource: resource.id, method: method.name },
    heading: `${heading}: ${method.name}`,
    crumbs: [{ text: heading, href: linkTo({ resource: resource.id }, language) }, { text: method.name }],
    body,
  })
}

/** What could not be found. */
export type Missing =
  | { readonly what: 'version'; readonly version: string }
  | { readonly what: 'resource'; readonly resource: string }
  | { readonly what: 'method'; readonly resource: string; readonly method: string }
  | { readonly what: 'page' }

export function missingPage(missing: Missing, language: Language = english): string {
  const { texts } = language
  const { what, ...names } = missing
  const body = html`<h1>${texts['ui.oops']}</h1>
<p class="lead">${fill(texts[`ui.${what}NotFound`], names)}</p>
<p><a href="${linkTo({}, language)}">${texts['ui.home']}</a></p>
`
  return layout({ language, place: {}, heading: texts['ui.oops'], crumbs: [], body, exists: false })
}
