import { pretty } from '../examples.ts'
import type { Api } from '../model.ts'
import { type Html, html } from './html.ts'

export const verb = (name: string): Html => html`<span class="verb ${name.toLowerCase()}">${name}</span>`

/** In one piece, so that it can be searched for and copied. */
export const path = (text: string): Html => html`<code class="path">${text}</code>`

export const call = ({ verb: name, path: text }: Pick<Api, 'verb' | 'path'>): Html =>
  html`${verb(name)} ${path(text)}`

/** A long name may break before a bracket and behind an underscore: telephones are narrow. */
export function breakable(name: string): Html {
  const pieces = name.length > 15 ? name.split(/(?=\[)|(?<=_)/) : [name]
  return html`${pieces.map((piece, i) => (i === 0 ? piece : html`<wbr>${piece}`))}`
}

const token = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d[\d.eE+-]*/g

/** A JSON value, indented, with its parts told apart by colour. */
export function json(value: unknown): Html {
  const text = pretty(value)
  const parts: Html[] = []
  let end = 0
  for (const { 0: found, 1: string, 2: colon, index } of text.matchAll(token)) {
    const kind = colon !== undefined ? 'key' : string !== undefined ? 'string' : 'value'
    const name = colon === undefined ? found : string!
    parts.push(html`${text.slice(end, index)}<span class="${kind}">${name}</span>${colon ?? ''}`)
    end = index + found.length
  }
  return html`${parts}${text.slice(end)}`
}
