import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Actor } from '../../catalogue/actor.ts'
import type { Datacenter } from '../../catalogue/people/datacenters-access.ts'
import type { Account } from '../../catalogue/people/users.ts'
import type { Parts } from '../../http/face.ts'
import type { Scheme } from './auth.ts'
import type { Data } from './data.ts'
import type { Order } from './order-by.ts'
import type { Group } from './task-id.ts'

export type { Datacenter } from '../../catalogue/people/datacenters-access.ts'

/** One request, with everything a handler needs. */
export type Context = {
  readonly parts: Parts
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  /** Its roles are the wire roles of catalogue/roles.ts, its project is the datacenter in force. */
  readonly actor: Actor
  /** Null only on open routes. */
  readonly account: Account | null
  /** By which header the caller was known. */
  readonly scheme: Scheme | null
  /** The query of a GET, the JSON object in the body of everything else; without a prototype (danube.md 0.2). */
  readonly data: Data
  /** The one in force (4.1); `enter` replaces it. */
  readonly datacenter: Datacenter
  /** Another datacenter is in force from now on (1.4): in `actor`, in `es_dc`, and in task ids. */
  enter(datacenter: Datacenter): void
  /** A segment of the path, decoded; empty where the route has none of this name. */
  segment(name: string): string
  /** Of a GET only (0.3). */
  readonly full: boolean
  readonly extended: boolean
  /**
   * The order that the caller wants; `usual` is written as `order_by` is (0.8).
   * @throws Refusal 412
   */
  orderBy(fields: readonly string[], usual: string): Order
}

/** Done at once: an envelope with a dummy id. An async iterable as the result is an array, sent while it comes; pages of it may come as arrays. */
export type Done = {
  readonly kind: 'done'
  readonly result: unknown
  readonly status?: 200 | 201
  /** The user in the task id that owns the thing worked on; the caller unless said. */
  readonly owner?: number | null
}

/** A task has the work: 201 and PENDING, or the stream of danube.md 2.6. The task knows whose thing it is. */
export type Begun = { readonly kind: 'begun'; readonly taskId: string }

/** 400 and FAILURE, with a dummy id. */
export type Failed = { readonly kind: 'failed'; readonly result: unknown; readonly owner?: number | null }

/** No envelope. An async iterable as the body is an array, too. */
export type Bare = {
  readonly kind: 'bare'
  readonly body: unknown
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Without any of the `es_` headers, as failed logins are. */
  readonly nameless?: true
}

/** What a handler returns; `respond.ts` words it. `sent`: the handler wrote the answer itself. */
export type Answer = Done | Begun | Failed | Bare | { readonly kind: 'sent' }

export const done = (result: unknown, status: 200 | 201 = 200): Done => ({ kind: 'done', result, status })
export const bare = (body: unknown, status = 200): Bare => ({ kind: 'bare', body, status })
export const begun = (taskId: string): Begun => ({ kind: 'begun', taskId })

export type Route = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** `/image/:name`: below `/api` and at the root, with and without a slash at its end. */
  readonly path: string
  readonly summary: string
  /**
   * Which datacenter is in force at first: the current one (4.1; the route then exists below `/dc/:dc` as well), or
   * `main` (images, imagestores, datacenters, accounts).
   */
  readonly scope: 'current' | 'main'
  /** The group letter of dummy task ids. */
  readonly group: Group
  /** May be asked without credentials. */
  readonly open?: true
  /** What a segment must look like; names, uuids and usernames are known (see segments.ts). */
  readonly segments?: Readonly<Record<string, RegExp>>
  /** Only below `/api`, and only with the slash at its end: without it another face answers. */
  readonly slashed?: true
  readonly handle: (context: Context) => Promise<Answer>
}
