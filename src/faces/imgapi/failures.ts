import { type Failure, type FailureCode, isFailure } from '../../catalogue/failure.ts'
import type { ManifestError } from '../../catalogue/manifests/validate.ts'

/** danube.md 7.2: every code of this wire, and its status. */
export const statuses = {
  BadRequestError: 400,
  InvalidHeader: 400,
  InvalidVersion: 400,
  Upload: 400,
  Download: 400,
  ImageFileTooBig: 400,
  NotImplemented: 400,
  UnauthorizedError: 401,
  OperatorOnly: 403,
  ResourceNotFound: 404,
  MethodNotAllowedError: 405,
  ImageUuidAlreadyExists: 409,
  PreconditionFailed: 412,
  ValidationFailed: 422,
  InvalidParameter: 422,
  ImageFilesImmutable: 422,
  ImageAlreadyActivated: 422,
  NoActivationNoFile: 422,
  OwnerDoesNotExist: 422,
  AccountDoesNotExist: 422,
  NotImageOwner: 422,
  ImageNotShared: 422,
  NotMantaPathOwner: 422,
  OriginDoesNotExist: 422,
  OriginIsNotActive: 422,
  InsufficientServerVersion: 422,
  ImageHasDependentImages: 422,
  InternalError: 500,
  NotAvailable: 501,
  StorageIsDown: 503,
  StorageUnsupported: 503,
  RemoteSourceError: 503,
  ServiceUnavailableError: 503,
} as const
export type Code = keyof typeof statuses

/** An answer that is not a success. */
export class Refusal extends Error {
  readonly code: Code
  readonly errors: readonly ManifestError[]
  readonly headers: Readonly<Record<string, string>>

  constructor(code: Code, message: string, { errors = [], headers = {}, cause }: RefusalDetails = {}) {
    super(message, { cause })
    this.name = 'Refusal'
    this.code = code
    this.errors = errors
    this.headers = headers
  }
}

type RefusalDetails = {
  readonly errors?: readonly ManifestError[]
  readonly headers?: Readonly<Record<string, string>>
  readonly cause?: unknown
}

/** The body: `errors` only where fields are to be named (danube.md 7.1). */
export function bodyOf({ code, message, errors }: Refusal): object {
  return { code, message, ...(errors.length > 0 ? { errors } : {}) }
}

export const imageNotFound = (uuid: string) => new Refusal('ResourceNotFound', `image "${uuid}" not found`)

/** 422 about one parameter of the query or field of the body. */
export function badParameter(
  field: string,
  message: string,
  code: ManifestError['code'] = 'Invalid',
): Refusal {
  return new Refusal('InvalidParameter', `invalid ${field}: ${message}`, {
    errors: [{ field, code, message }],
  })
}

export function invalidManifest(errors: readonly ManifestError[]): Refusal {
  const fields = [...new Set(errors.map(({ field }) => field))].join(', ')
  return new Refusal('ValidationFailed', `invalid image data: ${fields}`, { errors })
}

export const unauthorized = (message: string) =>
  new Refusal('UnauthorizedError', message, {
    headers: { 'www-authenticate': 'Signature realm="imgapi",headers="date"' },
  })

type Answer = (failure: Failure) => Refusal

/** Reasons that are a code of their own. */
const byReason: Readonly<Record<string, Code>> = {
  activated: 'ImageAlreadyActivated',
  'no-file': 'NoActivationNoFile',
  'origin-missing': 'OriginDoesNotExist',
  'origin-inactive': 'OriginIsNotActive',
  dependents: 'ImageHasDependentImages',
  // Machines that run from an image depend on it as images do.
  'in-use': 'ImageHasDependentImages',
  'not-shared': 'ImageNotShared',
  account: 'AccountDoesNotExist',
  owner: 'OwnerDoesNotExist',
}

/** How each failure is answered where a handler has no words of its own for it. */
const answers = {
  unauthenticated: ({ message }) => unauthorized(message),
  forbidden: (failure) => {
    const { message, detail } = failure
    if (detail.reason === 'protected') return new Refusal('ValidationFailed', message)
    // It can be seen, and belongs to somebody else.
    if (detail.reason === 'owner' && detail.subject === 'image') return new Refusal('NotImageOwner', message)
    return reasoned(failure) ?? new Refusal('OperatorOnly', message)
  },
  'not-found': ({ message, detail }) =>
    detail.subject === 'image' ? imageNotFound(detail.id ?? '') : new Refusal('ResourceNotFound', message),
  invalid: (failure) => {
    const { message, detail } = failure
    if (detail.fields) return invalidManifest(errorsOf(detail.fields, detail.reason))
    return reasoned(failure) ?? new Refusal('ValidationFailed', message)
  },
  conflict: ({ message, detail }) =>
    detail.reason === 'exists'
      ? new Refusal('ImageUuidAlreadyExists', message)
      : // Two changes met, and this one lost: it can simply be made again.
        new Refusal('ServiceUnavailableError', message, { headers: { 'retry-after': '1' } }),
  state: (failure) => reasoned(failure) ?? new Refusal('ValidationFailed', failure.message),
  quota: ({ message, detail }) =>
    new Refusal('ValidationFailed', message, {
      errors: [{ field: detail.reason === 'members' ? 'acl' : 'image', code: 'Invalid', message }],
    }),
  'too-large': ({ message }) => new Refusal('ImageFileTooBig', message),
  content: ({ message }) => new Refusal('Upload', message),
  range: ({ message }) => new Refusal('BadRequestError', message),
  gone: ({ message }) => new Refusal('ResourceNotFound', message),
  busy: ({ message, detail }) =>
    new Refusal('ServiceUnavailableError', message, {
      headers: { 'retry-after': String(detail.retryAfterSeconds ?? 5) },
    }),
  interrupted: ({ message }) => new Refusal('Upload', message),
  'no-space': ({ message }) => new Refusal('StorageIsDown', message),
  'data-lost': ({ message }) => new Refusal('StorageIsDown', message),
  upstream: ({ message }) => new Refusal('RemoteSourceError', message),
  unavailable: ({ message }) => new Refusal('ServiceUnavailableError', message),
} satisfies Record<FailureCode, Answer>

function reasoned({ message, detail }: Failure): Refusal | null {
  const code = detail.reason === undefined ? undefined : byReason[detail.reason]
  return code === undefined ? null : new Refusal(code, message)
}

/** The catalogue's names of fields → this wire's. */
const wireFields: Readonly<Record<string, string>> = {
  min_ram: 'requirements.min_ram',
  properties: 'description',
}

function errorsOf(
  fields: Readonly<Record<string, readonly string[]>>,
  reason: string | undefined,
): ManifestError[] {
  const code = reason === 'fixed' ? 'NotAllowed' : 'Invalid'
  return Object.entries(fields).flatMap(([field, messages]) =>
    messages.map((message) => ({ field: wireFields[field] ?? field, code, message }) as const),
  )
}

/** The answer to whatever was thrown; null for a fault, which nobody foresaw. */
export function answerTo(error: unknown): Refusal | null {
  if (error instanceof Refusal) return error
  if (!isFailure(error)) return null
  const answer: Answer = answers[error.code]
  return answer(error)
}
