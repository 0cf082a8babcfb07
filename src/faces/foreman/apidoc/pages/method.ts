import { fullName } from '../document.ts'
import { type Example, examplesOf } from '../examples.ts'
import type { Method, Param, Resource, SearchField } from '../model.ts'
import type { Texts } from '../texts/en.ts'
import type { Language } from '../texts/languages.ts'
import { validators } from '../validators.ts'
import { type Html, html, raw } from './html.ts'
import { fill } from './layout.ts'
import { linkTo } from './links.ts'
import { breakable, call, json, path, verb } from './parts.ts'

type Options = {
  /** A link to the method's own page, where there are several methods on the page. */
  readonly linked: boolean
}

/**
 * One method (foreman.md 11.3, points 4 and 5). Its headings lead to the inside of the details, which browsers open for
 * that without any script.
 */
export function methodBlock(
  resource: Resource,
  method: Method,
  language: Language,
  { linked }: Options,
): Html {
  const { texts } = language
  const { name, apis, about, params, search } = method
  const own = fill(texts['ui.ownPage'], { method: name })
  const href = linkTo({ resource: resource.id, method: name }, language)
  const examples = examplesOf(resource.id, name)
  return html`<section class="method" id="${name}">
<div class="calls">
${apis.map(
  (api) => html`<div class="call"><h2><a class="quiet" href="#${name}-details">${call(api)}</a></h2>
<p>${texts[api.title]}</p></div>\n`,
)}${linked ? html`<a class="own" href="${href}" aria-label="${own}" title="${own}">&gt;&gt;&gt;</a>\n` : null}</div>
<details open>
<summary>${texts['ui.details']}</summary>
<div id="${name}-details">
${about === null ? null : html`<p>${texts[about]}</p>\n`}${
  examples.length > 0
    ? html`<h3>${texts['ui.examples']}</h3>\n${examples.map((each) => exampleBlock(each, texts))}`
    : null
}<h3 id="${name}-params">${texts['ui.params']}</h3>
${paramTable(params, `${name}-params`, texts)}${
  search.length > 0
    ? html`<h3 id="${name}-search">${texts['ui.searchFields']}</h3>\n${searchTable(search, `${name}-search`, texts)}`
    : null
}</div>
</details>
</section>
`
}

function exampleBlock({ verb: name, path: target, request, status, answer }: Example, texts: Texts): Html {
  const block = (label: string, content: unknown) =>
    html`<pre tabindex="0" role="region" aria-label="${label}"><code>${json(content)}</code></pre>\n`
  return html`<div class="example">
<p class="line">${verb(name)} ${path(target)}</p>
${
  request === undefined
    ? null
    : html`<p class="label">${texts['ui.request']}</p>\n${block(texts['ui.request'], request)}`
}<p class="label">${texts['ui.answer']} <strong class="status">${status}</strong></p>
${block(texts['ui.answer'], answer)}</div>
`
}

function paramTable(params: readonly Param[], label: string, texts: Texts): Html {
  return html`<table class="params" aria-labelledby="${label}">
<thead><tr><th scope="col">${texts['ui.paramName']}</th><th scope="col">${texts['ui.description']}</th></tr></thead>
<tbody>
${params.map((param) => paramRows(param, '', 0, texts))}</tbody>
</table>
`
}

/** A parameter and, behind it, its members. */
function paramRows(param: Param, outer: string, depth: number, texts: Texts): Html {
  const { name, kind, required, nil, about, params } = param
  const full = fullName(outer, name)
  const need = required
    ? html`<em class="required">${texts['ui.required']}</em>`
    : html`<em>${texts['ui.optional']}</em>`
  return html`<tr${depth > 0 ? html` class="member"` : null}>
<th scope="row"><code>${breakable(full)}</code><small>${need}${nil ? html`, ${texts['ui.nilAllowed']}` : null}</small></th>
<td>${about === null ? null : html`<p>${texts[about]}</p>`}<p class="label">${texts['ui.validations']}</p>
<ul><li lang="en">${raw(validators[kind].sentence)}</li></ul></td>
</tr>
${params.map((each) => paramRows(each, full, depth + 1, texts))}`
}

function searchTable(fields: readonly SearchField[], label: string, texts: Texts): Html {
  return html`<table class="search" aria-labelledby="${label}">
<thead><tr><th scope="col">${texts['ui.fieldName']}</th><th scope="col">${texts['ui.type']}</th><th scope="col">${texts['ui.possibleValues']}</th></tr></thead>
<tbody>
${fields.map(
  ({ name, type, values }) =>
    html`<tr><th scope="row"><code>${breakable(name)}</code></th><td>${type ?? ''}</td><td>${values?.join(', ') ?? ''}</td></tr>\n`,
)}</tbody>
</table>
`
}
