import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { Refusal, refuse } from './failures.ts'
import { type Body, typeName } from './fields.ts'

/** The largest JSON document; bytes. */
const largest = 1024 * 1024

/** The media type of a request in lower case, without parameters; empty when it says none. */
export function mediaType(request: FastifyRequest): string {
  return (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase()
}

export function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

export function unsupportedType(request: FastifyRequest): Refusal {
  return refuse(415, `Unsupported media type "${request.headers['content-type'] ?? ''}" in request.`)
}

/**
 * The JSON object in a request's body; a request without any body means an empty one.
 * @throws Refusal 415, 413, or 400 for what is no JSON or no object.
 */
export async function readJson(request: FastifyRequest, open: () => IncomingMessage): Promise<Body> {
  if (!hasBody(request)) return {}
  if (mediaType(request) !== 'application/json') throw unsupportedType(request)
  const body = parse(await readAll(open()))
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Body
  const message = `Invalid data. Expected a dictionary, but got ${typeName(body)}.`
  throw new Refusal(400, { non_field_errors: [message] })
}

async function readAll(raw: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    // Without destroying the request, whose connection the refusal below still needs.
    for await (const chunk of raw.iterator({ destroyOnReturn: false })) {
      size += chunk.length
      if (size > largest) throw refuse(413, `The request body is larger than ${largest} bytes.`)
      chunks.push(chunk)
    }
  } catch (error) {
    throw error instanceof Refusal ? error : refuse(400, 'The request was interrupted.')
  }
  return Buffer.concat(chunks)
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw refuse(400, `JSON parse error - ${(error as Error).message}`)
  }
}
