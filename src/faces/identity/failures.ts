import { STATUS_CODES } from 'node:http'
import { type Failure, type FailureCode, isFailure } from '../../catalogue/failure.ts'

/** An answer that is not a success (glance.md 25.2). */
export class Refusal extends Error {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, message: string, { headers = {}, cause }: RefusalDetails = {}) {
    super(message, { cause })
    this.name = 'Refusal'
    this.status = status
    this.headers = headers
  }
}

type RefusalDetails = {
  readonly headers?: Readonly<Record<string, string>>
  readonly cause?: unknown
}

export const bad = (message: string, cause?: unknown) => new Refusal(400, message, { cause })
export const notFound = () => new Refusal(404, 'The resource could not be found.')
/** Always the same, whatever was wrong: nobody learns which part of it. */
export const unauthorized = () => new Refusal(401, 'The request you have made requires authentication.')

type Answer = (failure: Failure) => Refusal

const plain =
  (status: number): Answer =>
  ({ message }) =>
    new Refusal(status, message)

/** How each failure is answered where a handler has no words of its own for it. */
const answers = {
  unauthenticated: unauthorized,
  forbidden: ({ message }) =>
    new Refusal(403, `You are not authorized to perform the requested action. ${message}`),
  'not-found': plain(404),
  invalid: ({ message, detail }) =>
    bad(
      detail.fields
        ? Object.entries(detail.fields)
            .map(([field, messages]) => `${field}: ${messages.join(' ')}`)
            .join(' ')
        : message,
    ),
  conflict: plain(409),
  state: plain(409),
  quota: plain(403),
  'too-large': plain(413),
  content: plain(400),
  range: plain(416),
  gone: plain(404),
  busy: ({ message, detail }) =>
    new Refusal(429, message, { headers: { 'retry-after': String(detail.retryAfterSeconds ?? 5) } }),
  interrupted: plain(400),
  'no-space': plain(503),
  'data-lost': plain(503),
  upstream: plain(502),
  unavailable: plain(503),
} satisfies Record<FailureCode, Answer>

/** The answer to whatever was thrown; null for a fault, which nobody foresaw. */
export function answerTo(error: unknown): Refusal | null {
  if (error instanceof Refusal) return error
  return isFailure(error) ? (answers[error.code] as Answer)(error) : null
}

export function bodyOf({ status, message }: Refusal): object {
  return { error: { code: status, message, title: STATUS_CODES[status] ?? 'Error' } }
}
