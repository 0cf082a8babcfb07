import { ApiError } from '../../api/client.ts'
import { messageOf } from '../QueryView.tsx'

/** What is wrong with a form that was sent. */
export type Problems = {
  /** By the names of the form's fields. */
  readonly fields: Readonly<Record<string, string>>
  /** What belongs to none of them. */
  readonly general: string | null
  /** When they were told; what has been put right since changes nothing of it. */
  readonly toldAt?: number
}

export const noProblems: Problems = { fields: {}, general: null, toldAt: 0 }

/** What the page itself finds wrong. */
export function problemsIn(fields: Problems['fields']): Problems {
  return { fields, general: null, toldAt: performance.now() }
}

/**
 * Sorts what the server refuses into the fields of a form. The catalogue calls some of them as OpenStack does.
 * @param known the names of the form's fields
 */
export function problemsOf(error: unknown, known: readonly string[]): Problems {
  const told = error instanceof ApiError ? (error.detail.fields ?? {}) : {}
  const named = Object.entries(told).map(([name, messages]) => [camelCase(name), messages.join(' ')] as const)
  const fields = Object.fromEntries(named.filter(([name]) => known.includes(name)))
  const isTold = named.length > 0 && named.every(([name]) => known.includes(name))
  return { ...problemsIn(fields), general: isTold ? null : messageOf(error) }
}

/** What is left once some fields have been written anew. */
export function problemsWithout(problems: Problems, written: readonly string[]): Problems {
  const left = Object.entries(problems.fields).filter(([name]) => !written.includes(name))
  return { ...problems, fields: Object.fromEntries(left), general: null }
}

function camelCase(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
}
