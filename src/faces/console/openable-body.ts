import type { FastifyReply, FastifyRequest } from 'fastify'
import { openBody } from '../../http/receive.ts'

/**
 * The body of a request, opened when its first byte is wanted, which is after all checks. Ending early leaves the
 * connection alone, because the answer still has to go through it.
 */
export function openableBody(request: FastifyRequest, reply: FastifyReply): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () =>
      openBody(request, reply).iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array>,
  }
}

/** How many bytes the sender says will come; null where it does not say. */
export function announcedBytes({ headers }: FastifyRequest): number | null {
  const length = headers['content-length']
  return length === undefined ? null : Number(length)
}
