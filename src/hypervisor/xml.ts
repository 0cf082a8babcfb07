/**
 * Reads the XML that libvirt writes: elements, attributes and text in UTF-8. A document type is refused, so there are no
 * entities but the five of XML and numbers. A parser of everything XML can be would be a dependency for what libvirt never sends.
 */

export type Element = {
  /** With its prefix, as written. */
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly Element[]
  /** What stands directly in it, joined. */
  readonly text: string
}

const maxDepth = 100
const nameStart = 'A-Za-z_\\u0080-\\uffff'
const name = `[${nameStart}:][${nameStart}:0-9.\\-]*`
const attribute = `\\s+(${name})\\s*=\\s*("[^"<]*"|'[^'<]*')`
/** Exactly one of the groups is set: text, closing tag, opening tag (name, attributes, slash), CDATA; or none for what is skipped. */
const token = new RegExp(
  `([^<]+)|</(${name})\\s*>|<(${name})((?:${attribute})*)\\s*(/?)>|<!\\[CDATA\\[([^]*?)\\]\\]>|<!--[^]*?-->|<\\?[^]*?\\?>`,
  'y',
)
const attributes = new RegExp(attribute, 'g')

type Open = {
  name: string
  attributes: ReadonlyMap<string, string>
  children: Element[]
  text: string
}

/** @throws Error when it is not well-formed, or uses what this reader does not know */
export function readXml(source: string): Element {
  const root: Open = { name: '', attributes: new Map(), children: [], text: '' }
  const open = [root]
  let position = 0
  while (position < source.length) {
    token.lastIndex = position
    const found = token.exec(source)
    if (!found) throw new Error(`not XML at character ${position}`)
    position = token.lastIndex
    const [, text, closed, opened, list = '', , , slash, cdata] = found
    const inside = open.at(-1)!
    if (text !== undefined) inside.text += plain(text)
    else if (cdata !== undefined) inside.text += cdata
    else if (closed !== undefined) {
      if (open.length === 1 || inside.name !== closed) throw new Error(`</${closed}> closes nothing`)
      open.pop()
    } else if (opened !== undefined) {
      const element: Open = { name: opened, attributes: readAttributes(list), children: [], text: '' }
      inside.children.push(element)
      if (!slash) open.push(element)
      if (open.length > maxDepth) throw new Error('elements are nested too deeply')
    }
  }
  const [first, second] = root.children
  if (open.length > 1) throw new Error(`<${open.at(-1)!.name}> is not closed`)
  if (!first || second || root.text.trim() !== '') throw new Error('not one element')
  return first
}

function readAttributes(list: string): ReadonlyMap<string, string> {
  const read = new Map<string, string>()
  for (const [, name, quoted] of list.matchAll(attributes)) {
    if (read.has(name!)) throw new Error(`attribute ${name} stands twice`)
    read.set(name!, plain(quoted!.slice(1, -1)))
  }
  return read
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function plain(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(
    /&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|(amp|lt|gt|quot|apos));|&/g,
    (_, hex, decimal, named) => {
      if (named) return entities[named]!
      const code = hex ? Number.parseInt(hex, 16) : decimal ? Number(decimal) : 0
      if (code === 0 || code > 0x10ffff) throw new Error('unknown entity')
      return String.fromCodePoint(code)
    },
  )
}

/** The first child of the name, or of the path `a/b/c`; undefined when a step is missing. */
export function child(element: Element | undefined, path: string): Element | undefined {
  let at = element
  for (const step of path.split('/')) at = at?.children.find(({ name }) => name === step)
  return at
}

export function children(element: Element | undefined, name: string): readonly Element[] {
  return element?.children.filter((each) => each.name === name) ?? []
}

/** Its text without white space around, and '' when the element is not there. */
export function textOf(element: Element | undefined): string {
  return element?.text.trim() ?? ''
}
