/** Writing JSON for this wire (danube.md 0.4): UTF-8, compact or indented. */
export function json(value: unknown, indent: number): string {
  return JSON.stringify(value, null, indent)
}

/** A chunk of a long array is sent when it has so many characters. */
const chunkLength = 32 * 1024

const hole = 'ad7f1c1b-items'

/**
 * A document with an array of items that come one by one, or several in an array of their own. Between its first and its last chunk nothing grows with the
 * number of items.
 * @param around makes the document of the array, which it puts somewhere
 */
export async function* jsonWithItems(
  around: (items: unknown) => unknown,
  items: AsyncIterator<unknown>,
  first: IteratorResult<unknown>,
  indent: number,
): AsyncGenerator<Buffer> {
  const [before = '', after = ''] = json(around(hole), indent).split(`"${hole}"`)
  const [line = ''] = /[^\n]*$/.exec(before)!
  const margin = indent === 0 ? '' : `\n${/^ */.exec(line)![0]}`
  const inner = indent === 0 ? '' : `${margin}${' '.repeat(indent)}`
  let ended = false
  try {
    let text = `${before}[`
    let count = 0
    for (let next = first; !next.done; next = await items.next()) {
      for (const item of Array.isArray(next.value) ? next.value : [next.value]) {
        const written = json(item, indent)
        text += `${count++ === 0 ? '' : ','}${inner}${indent === 0 ? written : written.replaceAll('\n', inner)}`
        if (text.length < chunkLength) continue
        yield Buffer.from(text)
        text = ''
      }
    }
    ended = true
    yield Buffer.from(`${text}${count === 0 ? '' : margin}]${after}`)
  } finally {
    // The client went away, or an item failed.
    if (!ended) await items.return?.()
  }
}

export function isItems(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}
