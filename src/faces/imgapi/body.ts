import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { isFailure } from '../../catalogue/failure.ts'
import { Refusal } from './failures.ts'

/** The largest manifest; bytes. */
const largest = 1024 * 1024

/** @throws Refusal of the given code when there is more, 400 BadRequestError when the client goes away. */
export async function readAll(
  open: () => IncomingMessage,
  most: number,
  tooMuch: () => Refusal,
): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    // Without destroying the request, whose connection a refusal still needs.
    for await (const chunk of open().iterator({ destroyOnReturn: false })) {
      size += chunk.length
      if (size > most) throw tooMuch()
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof Refusal || isFailure(error)) throw error
    throw new Refusal('BadRequestError', 'the request was interrupted', { cause: error })
  }
  return Buffer.concat(chunks)
}

/**
 * The JSON of a request, whatever media type it claims, as clients of this wire do not all claim one; undefined when
 * there is none. @throws Refusal 400
 */
export async function readJson(request: FastifyRequest, open: () => IncomingMessage): Promise<unknown> {
  const { headers } = request
  if (headers['transfer-encoding'] === undefined && !(Number(headers['content-length'] ?? 0) > 0))
    return undefined
  const bytes = await readAll(
    open,
    largest,
    () => new Refusal('BadRequestError', `the body is larger than ${largest} bytes`),
  )
  if (bytes.length === 0) return undefined
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw new Refusal('BadRequestError', 'the body is no JSON', { cause: error })
  }
}
