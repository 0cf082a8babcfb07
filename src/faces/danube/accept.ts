/** How an answer is to be written: the number of spaces of one level, 0 for none. */
export type Indent = number

/**
 * Reads `Accept` (danube.md 0.4). Null: the caller takes no JSON. Only a range that names JSON itself can say how it is
 * to be indented.
 */
export function acceptedIndent(accept: string | undefined): Indent | null {
  if (accept === undefined || accept.trim() === '') return 0
  const ranges = accept.split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim())
    const pairs = parameters.map((parameter) => parameter.split('=', 2).map((text) => text.trim()))
    return { type: type.toLowerCase(), parameters: new Map(pairs as [string, string][]) }
  })
  const wanted = ranges.filter(({ parameters }) => Number(parameters.get('q') ?? 1) !== 0)
  const json = wanted.find(({ type }) => type === 'application/json')
  if (json) return indentFrom(json.parameters.get('indent'))
  return wanted.some(({ type }) => type === 'application/*' || type === '*/*') ? 0 : null
}

function indentFrom(text: string | undefined): Indent {
  return /^-?\d+$/.test(text ?? '') ? Math.max(0, Math.min(8, Number(text))) : 0
}
