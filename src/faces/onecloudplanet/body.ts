import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { hasBody, mediaType, parseJson, readBytes } from '../../http/body.ts'
import { Refusal, refuse } from './failures.ts'
import { type Body, typeName } from './fields.ts'

/** The largest JSON document; bytes. */
const largest = 1024 * 1024

export function unsupportedType(request: FastifyRequest): Refusal {
  return refuse(415, `Unsupported media type "${request.headers['content-type'] ?? ''}" in request.`)
}

/**
 * The JSON object in a request's body; a request without any body means an empty one.
 * @throws Refusal 415, 413, or 400 for what is no JSON or no object.
 */
export async function readJson(request: FastifyRequest, open: () => IncomingMessage): Promise<Body> {
  if (!hasBody(request.headers)) return {}
  if (mediaType(request.headers['content-type']) !== 'application/json') throw unsupportedType(request)
  const body = parse(
    await readBytes(open(), {
      most: largest,
      tooLarge: () => refuse(413, `The request body is larger than ${largest} bytes.`),
      interrupted: () => refuse(400, 'The request was interrupted.'),
    }),
  )
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Body
  const message = `Invalid data. Expected a dictionary, but got ${typeName(body)}.`
  throw new Refusal(400, { non_field_errors: [message] })
}

function parse(bytes: Buffer): unknown {
  try {
    return parseJson(bytes)
  } catch (error) {
    throw refuse(400, `JSON parse error - ${(error as Error).message}`)
  }
}
