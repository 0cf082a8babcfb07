import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The handler reads the body itself, by `openBody`, after its checks. */
    readonly readsBody?: boolean
  }
}

/** How long a client whose body is not wanted may go on sending it before it is cut off. Milliseconds. */
const drainFor = 60_000

/** Requests whose client sends nothing before it is told to. */
const waiting = new WeakSet<IncomingMessage>()

/**
 * Bodies in the order that refusals need: `Expect: 100-continue` is answered when the body is first wanted, so that a
 * refused upload sends no bytes; and what a refused client sends all the same is read and dropped for a while, because
 * closing at once would reset the connection and take the answer with it.
 */
export function receiveBodies(app: FastifyInstance): void {
  app.server.on('checkContinue', (request, response) => {
    waiting.add(request)
    app.routing(request, response)
  })

  app.addHook('preParsing', async (request, reply) => {
    if (!request.routeOptions.config.readsBody) openBody(request, reply)
  })

  app.addHook('onSend', async (request, reply) => {
    // Whether such a client sends its body now is its choice, so nothing that follows could be told from it.
    if (waiting.has(request.raw)) reply.header('connection', 'close')
  })

  app.addHook('onResponse', async ({ raw }) => {
    if (raw.complete || raw.destroyed || waiting.has(raw)) return
    raw.on('error', () => {})
    raw.resume()
    const timer = setTimeout(() => raw.socket.destroy(), drainFor)
    timer.unref()
    raw.once('close', () => clearTimeout(timer))
    raw.once('end', () => clearTimeout(timer))
  })
}

/** The body of a request as it arrives; a client that waits for `100 Continue` is told to go on. */
export function openBody(request: FastifyRequest, reply: FastifyReply): IncomingMessage {
  if (waiting.delete(request.raw)) reply.raw.writeContinue()
  return request.raw
}
