import recorded from './examples.json' with { type: 'json' }
import type { Verb } from './model.ts'

/** A request and what the server answered to it. */
export type Example = {
  readonly verb: Verb
  readonly path: string
  readonly request?: object
  readonly status: number
  readonly answer: unknown
}

/**
 * By `resource#method`. They are recorded, not written: `test/faces/foreman/apidoc/examples.test.ts` makes the same requests
 * and fails where the server answers something else.
 */
const examples = recorded as Readonly<Record<string, readonly Example[]>>

export function examplesOf(resource: string, method: string): readonly Example[] {
  return examples[`${resource}#${method}`] ?? []
}

export const pretty = (value: unknown): string => JSON.stringify(value, null, 2)

/** As clients read it: verb and path, the request's JSON if it had any, the status, the answer's JSON (foreman.md 11.2). */
export function exampleText({ verb, path, request, status, answer }: Example): string {
  const lines = [
    `${verb} ${path}`,
    ...(request === undefined ? [] : [pretty(request)]),
    status,
    pretty(answer),
  ]
  return lines.join('\n')
}
