/**
 * The closed set of what can go wrong in Imageport. Everything below the faces throws a Failure; each face
 * answers every code in one table (`failures.ts` of the face), so the compiler names a code that was forgotten.
 */
export const failureCodes = [
  'unauthenticated', // who asks is not known
  'forbidden', // known, but not allowed
  'not-found', // absent, or invisible to the caller
  'invalid', // the request cannot be understood or breaks a rule; `detail.fields` says where
  'conflict', // collides with something that exists
  'state', // does not fit the present state of the thing
  'quota', // a limit on number or space is reached
  'too-large', // more bytes than allowed
  'content', // the bytes are hostile, or not what they are declared to be
  'range', // the asked byte range cannot be satisfied
  'gone', // it vanished while the operation ran
  'busy', // too much at once; try later
  'interrupted', // the sender went away before the end
  'no-space', // the store is full
  'data-lost', // the record is there, its bytes are not
  'upstream', // another server did not give what was asked of it
  'unavailable', // a part of Imageport itself (database, store) cannot be reached
] as const

export type FailureCode = (typeof failureCodes)[number]

/** Machine-readable facts beside the message. Faces pick what their wire can show. */
export type FailureDetail = {
  /** What kind of thing the failure is about: `image`, `project`, `member`, `store`, … */
  readonly subject?: string
  /** Which one: its id or name as the caller wrote it. */
  readonly id?: string
  /** A short stable word that tells cases of one code apart, e.g. `protected`, `image-size`, `private-address`. */
  readonly reason?: string
  /** Field name → messages, for `invalid`. */
  readonly fields?: Readonly<Record<string, readonly string[]>>
  /** The status an image or task was in, for `state`. */
  readonly status?: string
  /** What was asked for and what was found instead, where the two are to be shown. */
  readonly expected?: string
  readonly found?: string
  /** Seconds after which trying again makes sense, for `busy`. */
  readonly retryAfterSeconds?: number
}

/** The one error that the domain throws. `message` is for people, `code` and `detail` are for programs. */
export class Failure extends Error {
  readonly code: FailureCode
  readonly detail: FailureDetail

  constructor(code: FailureCode, message: string, detail: FailureDetail = {}, options?: ErrorOptions) {
    super(message, options)
    this.name = 'Failure'
    this.code = code
    this.detail = detail
  }
}

/** True for a Failure, of the given code where one is given. */
export function isFailure(error: unknown, code?: FailureCode): error is Failure {
  return error instanceof Failure && (code === undefined || error.code === code)
}
