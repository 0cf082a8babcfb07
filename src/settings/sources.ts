import { readFileSync } from 'node:fs'
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import { didYouMean, fileName, isForeign, variableName } from './names.ts'

/** The text of one setting, and how a message names the place it came from. */
export type Found = { readonly text: string; readonly where: string }

export type Source = {
  /** By key of the settings object. */
  readonly values: ReadonlyMap<string, Found>
  /** Sentences about what is wrong with the source itself. */
  readonly problems: readonly string[]
}

/** Settings among the variables. An empty variable counts as not set, as compose files like to write it. */
export function fromEnvironment(env: NodeJS.ProcessEnv, keys: readonly string[]): Source {
  const values = new Map<string, Found>()
  const problems: string[] = []
  const keyOf = new Map(keys.map((key) => [variableName(key), key]))
  for (const [variable, value] of Object.entries(env)) {
    if (isForeign(variable)) continue
    const key = keyOf.get(variable)
    const text = value?.trim() ?? ''
    if (key === undefined) {
      problems.push(`${variable}: there is no such setting${didYouMean(variable, [...keyOf.keys()])}`)
    } else if (text !== '') values.set(key, { text, where: variable })
  }
  return { values, problems }
}

/** Settings in a YAML or JSON file; null when it does not exist. `shown` is how messages name the file. */
export function fromFile(path: string, shown: string, keys: readonly string[]): Source | null {
  let content: string
  try {
    content = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    return { values: new Map(), problems: [`${shown}: cannot be read (${(error as Error).message})`] }
  }
  return readYaml(content, shown, keys)
}

function readYaml(content: string, shown: string, keys: readonly string[]): Source {
  const values = new Map<string, Found>()
  const problems: string[] = []
  const lines = new LineCounter()
  const document = parseDocument(content, { lineCounter: lines, prettyErrors: false })
  const at = (offset: number | undefined) => `${shown}:${lines.linePos(offset ?? 0).line}`

  // Without the offending text, which may be a password.
  for (const error of document.errors) problems.push(`${at(error.pos[0])}: ${error.message}`)
  const root = document.contents
  if (problems.length > 0 || root === null || (isScalar(root) && root.value === null))
    return { values, problems }
  if (!isMap<Node, Node | null>(root)) {
    return { values, problems: [`${at(root.range?.[0])}: must be a list of lines like "port: 8080"`] }
  }

  const keyOf = new Map(keys.flatMap((key) => [key, fileName(key)].map((name) => [name, key] as const)))
  for (const { key: nameNode, value } of root.items) {
    const place = at(nameNode.range?.[0])
    const name = isScalar(nameNode) ? String(nameNode.value) : '?'
    const key = keyOf.get(name)
    const text = textOf(value)
    if (key === undefined) {
      problems.push(`${place}: ${name}: there is no such setting${didYouMean(name, keys.map(fileName))}`)
    } else if (values.has(key)) problems.push(`${place}: ${name}: is set twice`)
    else if (text === undefined) problems.push(`${place}: ${name}: must be a single value or a list of them`)
    else if (text !== '') values.set(key, { text, where: `${place}: ${name}` })
  }
  return { values, problems }
}

/** What the environment would say: a list becomes text with commas. Undefined for anything nested deeper. */
function textOf(node: Node | null): string | undefined {
  if (node === null) return ''
  if (isScalar(node)) {
    if (node.value === null) return ''
    // As it was written: a password 0123 is no number.
    return (node.type === 'PLAIN' ? node.source : String(node.value))?.trim()
  }
  if (!isSeq<Node | null>(node)) return undefined
  const items = node.items.map((item) => (isSeq(item) ? undefined : textOf(item)))
  return items.includes(undefined) ? undefined : items.join(',')
}
