/** A piece of HTML that is safe to send. */
export type Html = { readonly html: string }

type Value = Html | string | number | null | false | readonly Value[]

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/** Text as it stands between tags. */
export const escaped = (text: string): string => text.replace(/[&<>]/g, (sign) => entities[sign]!)

/** A template whose values are escaped, for text and for attributes in double quotes; `null` and `false` vanish. */
export function html(pieces: TemplateStringsArray, ...values: readonly Value[]): Html {
  const parts = pieces.flatMap((piece, i) => (i < values.length ? [piece, markup(values[i]!)] : [piece]))
  return { html: parts.join('') }
}

/** For markup of our own that no caller has a hand in. */
export const raw = (markup: string): Html => ({ html: markup })

function markup(value: Value): string {
  if (value === null || value === false) return ''
  if (typeof value === 'string' || typeof value === 'number')
    return escaped(String(value)).replaceAll('"', '&quot;')
  return 'html' in value ? value.html : value.map(markup).join('')
}
