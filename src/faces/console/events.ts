import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Actor } from '../../catalogue/actor.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { EventBatch } from '../../catalogue/events/event.ts'
import type { Listener } from '../../catalogue/events/listener.ts'
import { isFailure } from '../../catalogue/failure.ts'
import { read } from './input.ts'
import type { WireEvent } from './wire-events.ts'

/** Milliseconds after which a silent stream says that it is still there. */
const heartbeatEvery = 15_000
/** Milliseconds that a browser waits before it comes back. */
const comeBackAfter = 2_000

const position = z.coerce.number().int().nonnegative()
const eventQuery = z.strictObject({ after: position.optional() })

/**
 * Everything that changes, for as long as somebody listens.
 * @param renew who a request speaks for by now; throws Failure `unauthenticated`
 */
export async function eventRoutes(
  app: FastifyInstance,
  catalogue: Catalogue,
  renew: (request: FastifyRequest) => Promise<Actor>,
): Promise<void> {
  const open = new Set<Listener>()
  app.addHook('preClose', async () => {
    for (const listener of open) listener.end()
  })

  app.get('/events', { exposeHeadRoute: false }, async (request, reply) => {
    const listener = await catalogue.events.listen(request.actor, {
      after: afterOf(request),
      renew: () => renew(request),
    })
    open.add(listener)
    const leave = () => {
      open.delete(listener)
      listener.end()
    }
    // Also when it goes before the first byte, where nobody reads what would notice, or has gone before it was known.
    reply.raw.once('close', leave)
    if (reply.raw.destroyed) leave()
    reply.header('content-type', 'text/event-stream; charset=utf-8')
    reply.header('cache-control', 'no-store')
    // Front servers would hold back what is small.
    reply.header('x-accel-buffering', 'no')
    return reply.send(Readable.from(messages(listener, request), { objectMode: true, highWaterMark: 1 }))
  })
}

/** What a browser says by itself when it comes back goes before the address that it was first given. */
function afterOf({ headers, query }: FastifyRequest): number | null {
  const told = position.safeParse(headers['last-event-id'] || undefined)
  const { after } = read(eventQuery, query)
  return told.success ? told.data : (after ?? null)
}

async function* messages(listener: Listener, request: FastifyRequest): AsyncGenerator<string> {
  let isFirst = true
  try {
    for (;;) {
      const batch = await listener.next(heartbeatEvery)
      if (batch === null) return
      yield isFirst
        ? `retry: ${comeBackAfter}\n${message('ready', {}, batch.position)}${textOf(batch)}`
        : textOf(batch)
      isFirst = false
    }
  } catch (error) {
    // Without its last message a stream is one that broke, and whoever listened comes back.
    if (isFailure(error) && error.code !== 'unavailable') yield message('end', {})
    else request.log.error({ err: error }, 'changes cannot be told any more')
  } finally {
    listener.end()
  }
}

/** The id goes with the last message: whoever has only some of them comes back for all. */
function textOf({ events, reset, position }: EventBatch): string {
  const told: (readonly [string, object])[] = [
    ...(reset ? [['reset', {}] as const] : []),
    ...events.map((event) => ['message', event satisfies WireEvent] as const),
  ]
  // Silence means that the stream is dead; and others' changes, of which nothing is told, are behind us, too.
  if (told.length === 0) return `: \nid: ${position}\n\n`
  return told
    .map(([name, data], index) => message(name, data, index === told.length - 1 ? position : undefined))
    .join('')
}

function message(name: string, data: object, id?: number): string {
  const head = [...(name === 'message' ? [] : [`event: ${name}`]), ...(id === undefined ? [] : [`id: ${id}`])]
  return `${[...head, `data: ${JSON.stringify(data)}`].join('\n')}\n\n`
}
