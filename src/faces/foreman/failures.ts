import { type Failure, type FailureCode, isFailure } from '../../catalogue/failure.ts'

/** An answer that is not a success, worded for this wire (foreman.md 5.1). Without a body: nothing is sent. */
export class Refusal extends Error {
  readonly status: number
  readonly body: object | undefined

  constructor(status: number, body?: object) {
    super(`${status} ${JSON.stringify(body)}`)
    this.name = 'Refusal'
    this.status = status
    this.body = body
  }
}

/** `{"error": {"message": …}}`, the most common of the five envelopes. */
export function refuse(status: number, message: string, more: object = {}): Refusal {
  return new Refusal(status, { error: { message, ...more } })
}

/** The trailing space of the answer to a caller without a name is Foreman's. */
export const unableToAuthenticate = (login = '') => refuse(401, `Unable to authenticate user ${login}`)
export const accountDisabled = () =>
  refuse(401, 'User account is disabled, please contact your administrator')
export const tooManyTries = () => refuse(401, 'Too many tries, please try again in a few minutes.')
export const sessionExpired = () => new Refusal(401)

export function denied(missing: readonly string[]): Refusal {
  const details = `Missing one of the required permissions: ${missing.join(', ')}`
  return refuse(403, 'Access denied', { details, missing_permissions: missing })
}

/** `resource` is the controller's name in the singular; lists and creations know no id. */
export const notFound = (resource: string, id = '') =>
  refuse(404, `Resource ${resource} not found by id '${id}'`)

export const contextNotFound = (kind: 'Organization' | 'Location', id: string) =>
  new Refusal(404, { message: `${kind} with id ${id} not found` })

export const unknownRoute = () => new Refusal(404, { status: 404, error: 'Not Found' })

export const malformedJson = (parser: string) =>
  new Refusal(400, { status: 400, error: `There was a problem in the JSON you submitted: ${parser}` })

export const unsupportedMediaType = (contentType: string) =>
  refuse(
    415,
    `Media type in 'Content-Type: ${contentType}' is unsupported in API v2 for POST and PUT requests. ` +
      "Please use 'Content-Type: application/json'.",
  )

export const searchRejected = (message: string) =>
  refuse(400, message, { class: 'ScopedSearch::QueryNotSupported' })

/** A parameter of the wrong form, in the shape of the API's documentation library (4.4). */
export const invalidParameter = (name: string, value: unknown, sentence: string) =>
  refuse(400, `Invalid parameter '${name}' value ${literal(value)}: ${sentence}`, {
    class: 'Apipie::ParamInvalid',
    parameter_name: name,
  })

/** `Could not find architecture with name: nope`, and what else is 422 with a plain sentence. */
export const unprocessable = (message: string) => refuse(422, message)

/** Errors of Foreman's own numbering come without the wrapper. */
export const numbered = (number: string, message: string) =>
  new Refusal(422, { message: `ERF42-${number} [Foreman::Exception]: ${message}` })

export type FieldErrors = Readonly<Record<string, readonly string[]>>

/** The validation envelope; `id` is null on creation. */
export function invalidRecord(id: number | null, errors: FieldErrors): Refusal {
  const full = Object.entries(errors).flatMap(([attribute, messages]) =>
    messages.map((message) => (attribute === 'base' ? message : `${humanName(attribute)} ${message}`)),
  )
  return new Refusal(422, { error: { id, errors, full_messages: full } })
}

const acronyms: Readonly<Record<string, string>> = { uuid: 'UUID', iam_role: 'IAM role', url: 'URL' }

/** `compute_resource_id` → `Compute resource`. */
function humanName(attribute: string): string {
  const words = attribute.replace(/_id$/, '').replaceAll('_', ' ')
  return acronyms[attribute] ?? `${words.charAt(0).toUpperCase()}${words.slice(1)}`
}

/** A value as Ruby writes it: `nil`, `"text"`, `["a"]`, `{"a"=>1}`. */
export function literal(value: unknown): string {
  if (value === null || value === undefined) return 'nil'
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  if (typeof value !== 'object') return JSON.stringify(value)
  const pairs = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}=>${literal(inner)}`)
  return `{${pairs.join(', ')}}`
}

/** What a request is about, for words that name it. */
export type About = {
  /** In the singular, as `Resource … not found` says it. */
  readonly resource: string
  /** The id as the caller wrote it; empty for lists and creations. */
  readonly id: string
  /** The id of the record that is being changed. */
  readonly recordId: number | null
  /** What the route asks for, by Foreman's name. */
  readonly permission: string | null
}

type Answer = (failure: Failure, about: About) => Refusal

const conflict: Answer = ({ message, detail }, { recordId }) =>
  // The Ansible modules look for this sentence where other errors have it, too (5.1).
  detail.reason === 'nested'
    ? unprocessable(message)
    : invalidRecord(recordId, detail.fields ?? { base: [message] })

const invalid: Answer = ({ message, detail: { reason, fields, subject, id } }, { recordId }) => {
  if (reason === 'search' || reason === 'field') return searchRejected(message)
  if (reason === 'association') return unprocessable(`Couldn't find ${subject} with 'id'=${id}`)
  if (reason === 'provider') return numbered('0410', 'unknown provider')
  if (reason === 'provider-missing') return numbered('0409', 'must provide a provider')
  return fields ? invalidRecord(recordId, fields) : unprocessable(message)
}

/** How each failure is answered where the route has no words of its own for it. */
const answers = {
  unauthenticated: ({ detail }) =>
    detail.reason === 'disabled' ? accountDisabled() : unableToAuthenticate(),
  forbidden: ({ message, detail }, { permission }) =>
    detail.reason === 'permission' && permission
      ? denied([permission])
      : refuse(403, 'Access denied', { details: message }),
  'not-found': (_, { resource, id }) => notFound(resource, id),
  invalid,
  conflict,
  state: conflict,
  quota: ({ message }) => unprocessable(message),
  'too-large': ({ message }) => refuse(413, message),
  content: ({ message }) => unprocessable(message),
  range: ({ message }) => refuse(416, message),
  gone: (_, { resource, id }) => notFound(resource, id),
  busy: ({ message, detail }) => (detail.reason === 'logins' ? tooManyTries() : refuse(429, message)),
  interrupted: ({ message }) => refuse(400, message),
  'no-space': ({ message }) => refuse(507, message),
  'data-lost': ({ message }) => refuse(500, message),
  upstream: ({ message }) => unprocessable(message),
  unavailable: ({ message }) => refuse(503, message),
} satisfies Record<FailureCode, Answer>

/** The answer to whatever was thrown; null for a fault, which nobody foresaw. */
export function answerTo(error: unknown, about: About): Refusal | null {
  if (error instanceof Refusal) return error
  if (!isFailure(error)) return null
  const answer: Answer = answers[error.code]
  return answer(error, about)
}
