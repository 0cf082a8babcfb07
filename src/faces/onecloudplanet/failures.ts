import { type Failure, type FailureCode, isFailure } from '../../catalogue/failure.ts'

/** An answer that is not a success: worded for this wire (onecloudplanet.md 2.2). */
export class Refusal extends Error {
  readonly status: number
  readonly body: object
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    body: object,
    headers: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    super(`${status} ${JSON.stringify(body)}`, options)
    this.name = 'Refusal'
    this.status = status
    this.body = body
    this.headers = headers
  }
}

export type FieldErrors = Readonly<Record<string, readonly string[]>>

/** An answer with a sentence: `{"detail": …}`. */
export function refuse(status: number, detail: string, headers?: Readonly<Record<string, string>>): Refusal {
  return new Refusal(status, { detail }, headers)
}

/** 400 with the messages of all bad fields. */
export function badFields(fields: FieldErrors): Refusal {
  return new Refusal(400, fields)
}

export const notFound = () => refuse(404, 'Not found.')
export const notPermitted = () => refuse(403, 'You do not have permissions to perform the requested action')
export const noProject = () => refuse(409, 'Your client has no active OpenStack project')
export const unexpected = () => refuse(500, 'An unexpected error occurred')

/** Texts for end-users send them to the support, those for staff to the logs (3.5). */
export type Audience = { readonly staff: boolean }

const whereToTurn = ({ staff }: Audience) => (staff ? 'check logs for details' : 'please contact support')
export const creationNotAllowed = (audience: Audience) =>
  refuse(403, `Image creation not allowed, ${whereToTurn(audience)}.`)
export const creationFailed = (audience: Audience) =>
  refuse(400, `Error when creating image, ${whereToTurn(audience)}`)
export const uploadFailed = (audience: Audience) =>
  refuse(400, `Upload image failed, ${whereToTurn(audience)}`)

type Answer = (failure: Failure, audience: Audience) => Refusal

/** How each failure is answered where the operation has no words of its own for it. */
const answers = {
  unauthenticated: () => refuse(401, 'Invalid token.', { 'www-authenticate': 'OpenAPIToken' }),
  forbidden: ({ message, detail }) => {
    if (detail.reason === 'protected') return refuse(403, "Can't delete protected image")
    return detail.reason === 'not-shared' ? refuse(403, message) : notPermitted()
  },
  'not-found': notFound,
  invalid: ({ message, detail }) => (detail.fields ? badFields(detail.fields) : refuse(400, message)),
  conflict: ({ message }) => refuse(409, message),
  state: ({ message }) => refuse(409, message),
  // The number of tags or properties is wrong input; that of images, bytes or members is what the client may have.
  quota: ({ message, detail }, audience) => {
    if (detail.reason === 'tags' || detail.reason === 'properties')
      return badFields({ [detail.reason]: [message] })
    return detail.reason === 'members' ? refuse(403, message) : creationNotAllowed(audience)
  },
  'too-large': () => refuse(413, 'Image too big'),
  content: ({ message }) => badFields({ file: [message] }),
  range: () => refuse(416, 'The requested range is not satisfiable.'),
  gone: notFound,
  busy: ({ detail: { retryAfterSeconds: seconds } }) =>
    seconds === undefined
      ? refuse(409, 'Too many uploads in parallel, try again later')
      : refuse(429, `Request was throttled. Expected available in ${seconds} seconds.`, {
          'retry-after': String(seconds),
        }),
  interrupted: () => refuse(400, 'Image upload was interrupted'),
  'no-space': (_, audience) => uploadFailed(audience),
  'data-lost': () => refuse(404, 'Image data to be downloaded could not be found.'),
  upstream: () => badFields({ url: ['URL is not accessible'] }),
  unavailable: () => refuse(503, 'Could not connect to OpenStack'),
} satisfies Record<FailureCode, Answer>

/** The answer to whatever was thrown; null for a fault, which nobody foresaw. */
export function answerTo(error: unknown, audience: Audience): Refusal | null {
  if (error instanceof Refusal) return error
  if (!isFailure(error)) return null
  const answer: Answer = answers[error.code]
  return answer(error, audience)
}
