import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { hasBody, parseJson, readBytes } from '../../http/body.ts'
import { Refusal } from './failures.ts'

/** The largest manifest; bytes. */
const largest = 1024 * 1024

/** @throws Refusal of the given code when there is more, 400 BadRequestError when the client goes away. */
export function readAll(open: () => IncomingMessage, most: number, tooLarge: () => Refusal): Promise<Buffer> {
  const interrupted = (cause: unknown) =>
    new Refusal('BadRequestError', 'the request was interrupted', { cause })
  return readBytes(open(), { most, tooLarge, interrupted })
}

/**
 * The JSON of a request, whatever media type it claims, as clients of this wire do not all claim one; undefined when
 * there is none. @throws Refusal 400
 */
export async function readJson(request: FastifyRequest, open: () => IncomingMessage): Promise<unknown> {
  if (!hasBody(request.headers)) return undefined
  const bytes = await readAll(
    open,
    largest,
    () => new Refusal('BadRequestError', `the body is larger than ${largest} bytes`),
  )
  if (bytes.length === 0) return undefined
  try {
    return parseJson(bytes)
  } catch (error) {
    throw new Refusal('BadRequestError', 'the body is no JSON', { cause: error })
  }
}
