import { STATUS_CODES } from 'node:http'
import { type Failure, type FailureCode, isFailure } from '../../catalogue/failure.ts'

/** An answer that is not a success (glance.md 1.4). */
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

export const notFound = () => new Refusal(404, 'The resource could not be found.')
export const imageNotFound = (id: string) => new Refusal(404, `No image found with ID ${id}`)
export const bad = (message: string, cause?: unknown) => new Refusal(400, message, { cause })
export const readOnly = (name: string) => new Refusal(403, `Attribute '${name}' is read-only.`)
export const reserved = (name: string) => new Refusal(403, `Attribute '${name}' is reserved.`)
export const mismatch = (schema: string, what: string) =>
  bad(`Provided object does not match schema '${schema}': ${what}`)

/** @param policy what the caller wanted, in the words of Glance's policies, such as `modify_image` */
export function notAuthorized(policy: string): Refusal {
  return new Refusal(403, `You are not authorized to complete ${policy} action.`)
}

type Answer = (failure: Failure, policy: string) => Refusal

const plain =
  (status: number): Answer =>
  ({ message }) =>
    new Refusal(status, message)

/** How each failure is answered where a handler has no words of its own for it. */
const answers = {
  unauthenticated: () => new Refusal(401, 'The request you have made requires authentication.'),
  forbidden: ({ message, detail }, policy) => {
    if (detail.id === 'image.publicise') return notAuthorized('publicize_image')
    const isRole = detail.reason === 'role' || (detail.reason === 'owner' && detail.subject === 'image')
    return isRole ? notAuthorized(policy) : new Refusal(403, message)
  },
  'not-found': plain(404),
  invalid: ({ message, detail }) =>
    detail.fields
      ? mismatch(
          detail.subject ?? 'image',
          Object.entries(detail.fields)
            .map(([field, messages]) => `${field}: ${messages.join(' ')}`)
            .join(' '),
        )
      : bad(message),
  conflict: plain(409),
  state: ({ message, detail }) => new Refusal(detail.reason === 'format' ? 403 : 409, message),
  quota: plain(413),
  'too-large': plain(413),
  content: plain(415),
  range: plain(416),
  gone: plain(410),
  busy: ({ message, detail }) =>
    new Refusal(503, message, { headers: { 'retry-after': String(detail.retryAfterSeconds ?? 5) } }),
  interrupted: plain(400),
  'no-space': plain(413),
  'data-lost': plain(503),
  upstream: plain(502),
  unavailable: plain(503),
} satisfies Record<FailureCode, Answer>

/** The answer to whatever was thrown; null for a fault, which nobody foresaw. */
export function answerTo(error: unknown, policy: string): Refusal | null {
  if (error instanceof Refusal) return error
  return isFailure(error) ? (answers[error.code] as Answer)(error, policy) : null
}

/** Statuses that this wire calls by their names of old. */
const titles: Readonly<Record<number, string>> = {
  413: 'Request Entity Too Large',
  416: 'Requested Range Not Satisfiable',
}

/** The body in the form that the client takes (glance.md 1.4): a page, JSON or plain text. */
export function bodyOf(
  { status, message }: Refusal,
  accept: string | undefined,
): { readonly type: string; readonly text: string } {
  const title = titles[status] ?? STATUS_CODES[status] ?? 'Error'
  const code = `${status} ${title}`
  const [html, json] = [weightOf(accept, 'text/html'), weightOf(accept, 'application/json')]
  if (html > 0 && html >= json) {
    const head = `<html>\n <head>\n  <title>${code}</title>\n </head>\n`
    const body = ` <body>\n  <h1>${code}</h1>\n  ${escapeHtml(message)}<br /><br />\n\n\n\n </body>\n</html>`
    return { type: 'text/html; charset=UTF-8', text: head + body }
  }
  if (json > 0) return { type: 'application/json', text: JSON.stringify({ message, code, title }) }
  return { type: 'text/plain; charset=UTF-8', text: `${code}\n\n${message}\n\n   ` }
}

/** How much a client wants a media type, 0 to 1; the most exact of its ranges counts. */
function weightOf(accept: string | undefined, type: string): number {
  let found = { exact: -1, weight: 0 }
  for (const range of (accept ?? '').split(',')) {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const exact = [`*/*`, `${type.split('/')[0]}/*`, type].indexOf(name)
    if (exact <= found.exact) continue
    const quality = parameters.find((parameter) => parameter.startsWith('q='))
    const weight = quality === undefined ? 1 : Number(quality.slice(2))
    found = { exact, weight: Number.isNaN(weight) ? 0 : weight }
  }
  return found.weight
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
}

/**
 * Messages repeat what callers wrote. They stand between tags and never inside of one, so that quotes can be left as they
 * are: `glance` takes the tags out of a page and shows the rest as it came.
 */
function escapeHtml(text: string): string {
  return text.replace(/[&<>]/g, (character) => entities[character]!)
}
