import type { FastifyReply, FastifyRequest } from 'fastify'

/** How a request ended. */
export type Outcome = {
  /** 499 where the client went away before it had an answer. */
  readonly status: number
  /** False: the connection was gone before the end of the answer. */
  readonly whole: boolean
  readonly seconds: number
}

/** Hears of every request, also of those that no route has and of downloads on the raw socket. */
export type RequestObserver = {
  readonly begun: (request: FastifyRequest) => void
  readonly ended: (request: FastifyRequest, outcome: Outcome) => void
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Name of the face that answers; empty where nobody owns the path. */
    face: string
  }
}

/**
 * Follows one request to its end, whichever way it ends: Fastify's own hook is silent when a client hangs up, which
 * is what happens to many downloads.
 */
export function observe(request: FastifyRequest, reply: FastifyReply, observer?: RequestObserver): void {
  const started = performance.now()
  const { raw } = reply
  let over = false
  const end = () => {
    if (over) return
    over = true
    const outcome = {
      status: raw.headersSent ? raw.statusCode : 499,
      whole: raw.writableFinished,
      seconds: (performance.now() - started) / 1000,
    }
    observer?.ended(request, outcome)
    request.log.info(lineOf(request, outcome), 'request')
  }
  raw.once('finish', end)
  raw.once('close', end)
  observer?.begun(request)
}

function lineOf(request: FastifyRequest, { status, whole, seconds }: Outcome): object {
  return {
    face: request.face || undefined,
    method: request.method,
    // The query may carry secrets of some wires; the path does not.
    path: request.url.split('?', 1)[0],
    status,
    whole: whole ? undefined : false,
    ms: Math.round(seconds * 10_000) / 10,
    address: request.ip,
    user: request.actor?.username || undefined,
  }
}
