import { isNode, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { Failure } from '../failure.ts'
import { type BootstrapDocument, bootstrapDocument } from './document.ts'

/** Where in the file an entry stands, so that later complaints can say so too. */
export type Lines = (path: readonly PropertyKey[]) => number | null

/**
 * Reads a bootstrap file, YAML or JSON.
 * @param file its name, for the message
 * @throws Failure `invalid` (reason `bootstrap`) with one message naming each key and line
 */
export function readBootstrap(text: string, file: string): { document: BootstrapDocument; lines: Lines } {
  const counter = new LineCounter()
  const yaml = parseDocument(text, { lineCounter: counter, prettyErrors: false, stringKeys: true })
  const broken = yaml.errors[0]
  if (broken) throw refusal([`${file}, line ${counter.linePos(broken.pos[0]).line}: ${broken.message}`])

  const lines: Lines = (path) => {
    for (let length = path.length; length >= 0; length--) {
      const node = length === 0 ? yaml.contents : yaml.getIn(path.slice(0, length), true)
      if (isNode(node) && node.range) return counter.linePos(node.range[0]).line
    }
    return null
  }
  const parsed = bootstrapDocument.safeParse(yaml.toJS() ?? {})
  if (!parsed.success) throw refusal(parsed.error.issues.flatMap((issue) => complaints(issue, file, lines)))
  return { document: parsed.data, lines }
}

function complaints(issue: z.core.$ZodIssue, file: string, lines: Lines): string[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => place(file, [...issue.path, key], lines, 'is not a known key'))
  return [place(file, issue.path, lines, plain(issue))]
}

function plain(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `must be ${issue.expected}`
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.join(', ')}`
  return issue.message
}

/** `site.yaml, line 7: users[0].roles[0].role: must be one of …` */
export function place(file: string, path: readonly PropertyKey[], lines: Lines, message: string): string {
  const key = path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i > 0 ? '.' : ''}${String(part)}`))
    .join('')
  const line = lines(path)
  return `${file}${line === null ? '' : `, line ${line}`}: ${key}${key ? ': ' : ''}${message}`
}

export function refusal(messages: readonly string[]): Failure {
  return new Failure('invalid', messages.join('\n'), { reason: 'bootstrap' })
}
