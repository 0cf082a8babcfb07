import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Failure } from '../catalogue/failure.ts'
import { networkOf } from './network.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Is this route free of the rate limit? Health checks must not depend on who else comes from their address. */
    readonly unlimited?: boolean
  }
}

export type Buckets = {
  /** Takes one request of a caller's; returns the seconds after which it may come again, 0 when it is granted. */
  take(caller: string): number
}

/**
 * A token bucket for each caller: `perMinute` at once, and as many again in a minute. Callers are forgotten when they
 * have been silent long enough to have a full bucket, or when there are more than `most` of them.
 */
export function tokenBuckets(
  perMinute: number,
  { clock = () => performance.now(), most = 50_000 } = {},
): Buckets {
  // In order of last use, so that the first are the ones to forget.
  const buckets = new Map<string, { tokens: number; at: number }>()
  const perMs = perMinute / 60_000

  return {
    take(caller) {
      const now = clock()
      const known = buckets.get(caller)
      const tokens = known ? Math.min(perMinute, known.tokens + (now - known.at) * perMs) : perMinute
      const granted = tokens >= 1
      buckets.delete(caller)
      buckets.set(caller, { tokens: granted ? tokens - 1 : tokens, at: now })
      for (const [oldest, { at }] of buckets) {
        if (buckets.size <= most && now - at < 60_000) break
        buckets.delete(oldest)
      }
      return granted ? 0 : Math.max(1, Math.ceil((1 - tokens) / perMs / 1000))
    },
  }
}

/**
 * Limits requests by caller (IMAGEPORT_RATE_LIMIT, one-catalogue.md section 5); each process counts for itself. The
 * hook runs when the face has found out who asks and before the body is read. Wrong credentials end before it:
 * they are limited where they are checked. Must be added before the faces.
 * @throws (in the hook) Failure `busy` (reason `rate-limit`, `retryAfterSeconds` seconds); Retry-After is then set.
 */
export function limitRate(app: FastifyInstance, perMinute: number): void {
  const buckets = tokenBuckets(perMinute)
  app.addHook('preParsing', async (request, reply) => {
    if (request.routeOptions.config.unlimited) return
    const retryAfterSeconds = buckets.take(callerOf(request))
    if (retryAfterSeconds === 0) return
    reply.header('retry-after', retryAfterSeconds)
    const message = `Too many requests; try again in ${retryAfterSeconds} seconds.`
    throw new Failure('busy', message, { reason: 'rate-limit', retryAfterSeconds })
  })
}

function callerOf(request: FastifyRequest): string {
  const userId = request.actor?.userId
  return userId === undefined || userId === null ? networkOf(request.ip) : `user ${userId}`
}
