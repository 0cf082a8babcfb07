import { type Failure, type FailureCode, isFailure } from '../../catalogue/failure.ts'

export type FieldErrors = Readonly<Record<string, readonly string[]>>

/**
 * An answer that is not a success, worded for this wire (danube.md 0.7). `envelope`: the body is the result of a FAILURE
 * with a dummy task id, and not the whole answer.
 */
export class Refusal extends Error {
  readonly status: number
  readonly body: object
  readonly headers: Readonly<Record<string, string>>
  readonly envelope: boolean

  constructor(
    status: number,
    body: object,
    {
      headers = {},
      envelope = false,
    }: { headers?: Readonly<Record<string, string>>; envelope?: boolean } = {},
  ) {
    super(`${status} ${JSON.stringify(body)}`)
    this.name = 'Refusal'
    this.status = status
    this.body = body
    this.headers = headers
    this.envelope = envelope
  }
}

/** `{"detail": …}`. */
export function refuse(
  status: number,
  detail: string | object,
  headers: Readonly<Record<string, string>> = {},
): Refusal {
  return new Refusal(status, { detail }, { headers })
}

/** Input that breaks the rules of its fields: the envelope of 0.6, third kind. */
export function invalid(errors: FieldErrors): Refusal {
  return new Refusal(400, errors, { envelope: true })
}

export const nonField = (message: string) => invalid({ non_field_errors: [message] })

/** The view's own test failed. */
export const permissionDenied = () => refuse(403, 'Permission denied')
/** The thing itself may not be touched. */
export const notPermitted = () => refuse(403, 'You do not have permission to perform this action.')

export const notFound = (what: string) => refuse(404, `${what} not found`)
export const alreadyExists = (what: string) => refuse(406, `${what} already exists`)
export const datacenterNotFound = () => notFound('Datacenter')
export const methodNotAllowed = (method: string) => refuse(405, `Method "${method}" not allowed.`)
export const notAcceptable = () => refuse(406, 'Could not satisfy the request Accept header.')

export const throttled = (seconds: number) =>
  refuse(429, `Request was throttled. Expected available in ${seconds} seconds.`, {
    'retry-after': String(seconds),
  })

/** Subjects of the catalogue by their names on this wire. */
const names: Readonly<Record<string, string>> = {
  image: 'Image',
  project: 'Datacenter',
  instance: 'VM',
  snapshot: 'Snapshot',
  repository: 'ImageStore',
  user: 'User',
  group: 'Group',
  node: 'Node',
  disk: 'Disk',
}

function nameOf({ detail: { subject = '' } }: Failure): string {
  return names[subject] ?? (`${subject.charAt(0).toUpperCase()}${subject.slice(1)}` || 'Object')
}

type Answer = (failure: Failure) => Refusal

const absent: Answer = (failure) =>
  failure.detail.subject === 'task' ? refuse(404, 'Task does not exist') : notFound(nameOf(failure))

const rejected: Answer = ({ message, detail }) => (detail.fields ? invalid(detail.fields) : nonField(message))

const state: Answer = ({ message, detail }) => {
  switch (detail.subject) {
    case 'image':
      return detail.reason === 'in-use'
        ? refuse(428, 'Image is used by some VMs')
        : refuse(417, 'Image status is not OK')
    case 'snapshot':
      return refuse(417, 'VM snapshot status is not OK')
    case 'instance':
      return refuse(423, 'VM is not operational')
    case 'node':
      return refuse(423, 'Node is not operational')
    case 'task':
      return refuse(406, 'Task cannot be canceled')
    default:
      return refuse(417, message)
  }
}

/** How each failure is answered where a handler has no words of its own for it. */
const answers = {
  unauthenticated: () => refuse(403, 'Authentication credentials were not provided.'),
  forbidden: ({ detail }) => (detail.reason === 'permission' ? permissionDenied() : notPermitted()),
  'not-found': absent,
  invalid: rejected,
  conflict: (failure) =>
    failure.detail.reason === 'exists'
      ? alreadyExists(nameOf(failure))
      : failure.detail.fields
        ? invalid(failure.detail.fields)
        : refuse(406, failure.message),
  state,
  quota: rejected,
  'too-large': ({ message }) => refuse(413, message),
  content: rejected,
  range: ({ message }) => refuse(416, message),
  gone: absent,
  busy: ({ detail }) => throttled(detail.retryAfterSeconds ?? 1),
  interrupted: ({ message }) => refuse(400, message),
  'no-space': ({ message }) => refuse(507, message),
  'data-lost': ({ message }) => refuse(500, message),
  upstream: rejected,
  unavailable: ({ message, detail }) =>
    detail.subject === 'image-server' ? refuse(428, 'Image server is not available') : refuse(503, message),
} satisfies Record<FailureCode, Answer>

/** The answer to whatever was thrown; null for a fault, which nobody foresaw. */
export function answerTo(error: unknown): Refusal | null {
  if (error instanceof Refusal) return error
  if (!isFailure(error)) return null
  const answer: Answer = answers[error.code]
  return answer(error)
}
