import { checksum } from '../checksum.ts'
import { version } from '../model.ts'
import { stylesheet } from '../stylesheet.ts'
import type { TextKey } from '../texts/en.ts'
import { type Language, languages } from '../texts/languages.ts'
import { type Html, html } from './html.ts'
import { linkTo, type Place } from './links.ts'

type Page = {
  readonly language: Language
  readonly place: Place
  /** Of the page; the title of the documentation stands behind it. */
  readonly heading: string
  /** From the index to this page; the last one is the page itself. */
  readonly crumbs: readonly { readonly text: string; readonly href?: string }[]
  readonly body: Html
  /** Is there such a page in other formats and languages? */
  readonly exists?: boolean
}

/** A text with its placeholders filled: `fill('Page of {method}', { method: 'index' })`. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole)
}

/** The whole document around the body of a page (foreman.md 11.3, points 1 and 2). */
export function layout({ language, place, heading, crumbs, body, exists = true }: Page): string {
  const t = (key: TextKey) => language.texts[key]
  const page = html`<!doctype html>
<html lang="${language.tag}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${heading} – ${t('ui.title')}</title>
<link rel="stylesheet" href="${stylesheet.url}">
${exists ? languages.map((each) => html`<link rel="alternate" hreflang="${each.tag}" href="${linkTo(place, each)}">\n`) : null}</head>
<body>
<a class="skip" href="#content">${t('ui.skip')}</a>
<header class="top">
<p class="site">${t('ui.title')}</p>
<nav class="crumbs" aria-label="${t('ui.place')}"><ol>
<li><a href="${linkTo({}, language)}">Foreman ${version}</a></li>
${crumbs.map(({ text, href }) =>
  href === undefined
    ? html`<li aria-current="page">${text}</li>\n`
    : html`<li><a href="${href}">${text}</a></li>\n`,
)}</ol></nav>
${exists ? languageBar(language, place) : null}</header>
<main id="content" tabindex="-1">
${body}</main>
<footer>
${exists ? html`<a href="${linkTo(place, language, 'json')}">${t('ui.asJson')}</a>\n` : null}<span>Apipie-Checksum <code>${checksum.slice(0, 12)}</code></span>
</footer>
</body>
</html>
`
  return page.html
}

/** `[ de | en | … ]`: every language leads to this same page. */
function languageBar(current: Language, place: Place): Html {
  return html`<nav class="languages" aria-label="${current.texts['ui.language']}"><ul>
${languages.map((each) => {
  const mark = each === current ? html` aria-current="true"` : null
  return html`<li><a href="${linkTo(place, each)}" lang="${each.tag}" hreflang="${each.tag}" title="${each.name}"${mark}>${each.code}</a></li>\n`
})}</ul></nav>
`
}
