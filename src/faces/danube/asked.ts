import type { FastifyReply, FastifyRequest } from 'fastify'
import { systemActor } from '../../catalogue/actor.ts'
import type { Caller } from './auth.ts'
import type { Datacenter } from './route.ts'
import { doneTaskId, type Group } from './task-id.ts'

/** What is known of a request while it is answered; also what the answer to an error goes by. */
export type Asked = {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly contentType: string | undefined
  indent: number
  caller: Caller | null
  group: Group
  /** The datacenter in force; null as long as it is not known. */
  datacenter: Datacenter | null
}

declare module 'fastify' {
  interface FastifyRequest {
    danube: Asked
  }
}

export { danubeVersion } from '../../catalogue/tasks/danube-status.ts'

/** The id under which work that was done at once is told. */
export function doneIdOf(
  {
    request,
    caller,
    group,
    datacenter,
  }: Pick<Asked, 'caller' | 'group' | 'datacenter'> & { readonly request: Pick<FastifyRequest, 'id'> },
  owner?: number | null,
): string {
  const userId = caller?.account.id ?? 0
  return doneTaskId({
    userId,
    ownerId: owner ?? userId,
    group,
    projectId: datacenter?.id ?? 1,
    requestId: request.id,
  })
}

/** With the header names that clients look for, underscores and all. */
export function tellCaller({ reply, caller, datacenter }: Asked): void {
  if (caller === null) return
  reply.header('es_username', headerText(caller.account.username))
  if (datacenter) reply.header('es_dc', headerText(datacenter.name))
}

/** Names may hold characters that a header cannot; they are sent as the bytes of UTF-8, and control characters not at all. */
function headerText(name: string): string {
  return Buffer.from(name.replace(/\p{Cc}/gu, ''), 'utf8').toString('latin1')
}

/** Tasks are looked at with Imageport's own eyes once it is known that the caller may see them. */
export const watcher = systemActor
