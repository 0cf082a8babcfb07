import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { type FailureCode, isFailure } from '../../catalogue/failure.ts'
import type { WireError } from './wire.ts'

/** The HTTP status of every failure that the catalogue knows. */
export const statuses = {
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  invalid: 400,
  conflict: 409,
  state: 409,
  quota: 403,
  'too-large': 413,
  content: 422,
  range: 416,
  gone: 410,
  busy: 429,
  interrupted: 400,
  'no-space': 507,
  'data-lost': 500,
  upstream: 502,
  unavailable: 503,
} satisfies Record<FailureCode, number>

/** Answers whatever was thrown. Unknown errors are logged, and say nothing of the inside to the caller. */
export function answerFailure(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  if (isFailure(error)) {
    const { code, message, detail } = error
    if (code === 'data-lost') request.log.error({ err: error }, 'bytes are missing')
    // Not `Basic`: a browser would ask for the password in a window of its own instead of the console's page.
    if (code === 'unauthenticated') reply.header('www-authenticate', 'Bearer realm="Imageport"')
    if (detail.retryAfterSeconds !== undefined) reply.header('retry-after', detail.retryAfterSeconds)
    reply.code(statuses[code]).send({ error: { code, message, detail } } satisfies WireError)
    return
  }
  const { statusCode = 500, message } = error as FastifyError
  if (statusCode >= 400 && statusCode < 500) {
    const code = statusCode === 413 ? 'too-large' : 'invalid'
    reply.code(statusCode).send({ error: { code, message, detail: {} } } satisfies WireError)
    return
  }
  request.log.error({ err: error }, 'request failed')
  const sorry = `Something went wrong inside of Imageport. Its log tells more, under ${request.id}.`
  reply.code(500).send({ error: { code: 'internal', message: sorry, detail: {} } } satisfies WireError)
}
