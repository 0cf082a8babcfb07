import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { isFailure } from '../../catalogue/failure.ts'
import type { Task } from '../../catalogue/tasks/task.ts'
import { type Asked, doneIdOf, tellCaller, watcher } from './asked.ts'
import type { Refusal } from './failures.ts'
import { isItems, json, jsonWithItems } from './json.ts'
import type { Answer } from './route.ts'
import { type Clock, waitingStream } from './stream.ts'
import { taskIdOf } from './task-id.ts'
import { pendingBody } from './task-status.ts'

export type RespondParts = {
  readonly catalogue: Catalogue
  /** The server stops: streams end. */
  readonly stopping: AbortSignal
  /** The clock of streams. */
  readonly clock?: Clock
}

/** Words what a handler returned (danube.md 0.4 to 0.6, 2.6). */
export async function respond(asked: Asked, answer: Answer, parts: RespondParts): Promise<FastifyReply> {
  const { reply } = asked
  if (answer.kind === 'sent') return reply
  if (answer.kind === 'bare' && answer.nameless) reply.removeHeader('es_version')
  else tellCaller(asked)
  switch (answer.kind) {
    case 'done':
      return envelope(asked, answer.status ?? 200, 'SUCCESS', answer.result, answer.owner)
    case 'failed':
      return envelope(asked, 400, 'FAILURE', answer.result, answer.owner)
    case 'bare':
      reply.headers(answer.headers ?? {})
      return write(asked, answer.status ?? 200, answer.body, (body) => body)
    case 'begun':
      return pending(asked, await parts.catalogue.tasks.view(watcher, answer.taskId), parts)
  }
}

/** Words a refusal; also one that comes before anything is known of the caller. */
export function respondRefusal(
  asked: Asked,
  { status, body, headers, envelope: isWrapped }: Refusal,
): FastifyReply {
  const { reply } = asked
  tellCaller(asked)
  reply.headers(headers)
  if (!isWrapped) return send(asked, status, body)
  const task_id = doneIdOf(asked)
  reply.header('es_task_id', task_id)
  return send(asked, status, wrapped(task_id, 'FAILURE', body))
}

function envelope(
  asked: Asked,
  http: number,
  status: 'SUCCESS' | 'FAILURE',
  result: unknown,
  owner: number | null | undefined,
): Promise<FastifyReply> {
  const task_id = doneIdOf(asked, owner)
  asked.reply.header('es_task_id', task_id)
  return write(asked, http, result, (shown) => wrapped(task_id, status, shown))
}

/** The envelope of what was done at once (danube.md 0.5). */
export function wrapped(task_id: string, status: 'SUCCESS' | 'FAILURE', result: unknown): object {
  return { task_id, status, result }
}

async function write(
  asked: Asked,
  status: number,
  value: unknown,
  around: (value: unknown) => unknown,
): Promise<FastifyReply> {
  if (!isItems(value)) return send(asked, status, around(value ?? null))
  const { reply, request, indent } = asked
  const items = value[Symbol.asyncIterator]()
  // Before the head is sent: what fails at once is still answered as it should be.
  const first = await items.next()
  reply.code(status).header('content-type', 'application/json')
  if (request.method !== 'HEAD')
    return reply.send(Readable.from(jsonWithItems(around, items, first, indent), { objectMode: false }))
  await items.return?.()
  return reply.send(Readable.from([]))
}

function send({ reply, indent }: Asked, status: number, body: unknown): FastifyReply {
  // As bytes, so that the framework adds nothing to the content type.
  return reply
    .code(status)
    .header('content-type', 'application/json')
    .send(Buffer.from(json(body, indent)))
}

/** The work goes on in a task: 201 whatever has become of it meanwhile, at once or with the stream that waits for its end. */
function pending(asked: Asked, task: Task, parts: RespondParts): FastifyReply {
  const { reply, request } = asked
  const taskId = taskIdOf(task)
  reply.headers({ es_task_id: taskId, es_task_response: 'true' })
  const wanted = request.headers['es-stream']
  if (!wanted || request.method === 'HEAD') return send(asked, 201, pendingBody(taskId))
  void stream(asked, task.id, taskId, wanted === 'es', parts)
  return reply
}

/** On the raw response, because the head must be out at once and every byte as it comes. */
async function stream(
  { reply, request, indent }: Asked,
  id: string,
  taskId: string,
  codeLine: boolean,
  { catalogue, stopping, clock }: RespondParts,
): Promise<void> {
  reply.header('es_stream', 'True').header('content-type', 'application/json')
  reply.hijack()
  const { raw } = reply
  const gone = new AbortController()
  raw.once('close', () => gone.abort())
  raw.on('error', () => gone.abort())
  raw.writeHead(201, reply.getHeaders() as Record<string, string>)
  raw.flushHeaders()
  const look = () =>
    catalogue.tasks.view(watcher, id).catch((error) => {
      if (isFailure(error, 'not-found')) return undefined
      throw error
    })
  try {
    for await (const text of waitingStream(
      { taskId, look, codeLine, indent, gone: gone.signal, stopping },
      clock,
    ))
      raw.write(text)
    raw.end()
  } catch (error) {
    request.log.error({ err: error }, 'a stream broke off')
    raw.destroy()
  }
}
