import { type RawBuilder, type SqlBool, sql } from 'kysely'
import { demandDirectory, demandIn, permitted } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Core, Query } from '../core.ts'
import { compile, compileOrder, type Filter, type Order, speaksOnlyOf } from '../search.ts'
import { countedFields, imageFields, searchableImages } from './fields.ts'
import type { Image } from './image.ts'
import { imageColumns, type SelectedImage, toImage } from './row.ts'

/** Which images a list may show at all; several are a union. Each is safe for the actor it is granted to. */
export type Scope =
  | { readonly own: number }
  | { readonly visibility: 'public' | 'community' }
  | { readonly sharedWith: number; readonly status: 'pending' | 'accepted' | 'rejected' | 'all' }
  /** Those that a datacenter may use: its own, and those it has accepted (danube.md 4.2). */
  | { readonly attachedTo: number }
  | { readonly everything: true }

export type ImageQuery = {
  readonly scopes: readonly Scope[]
  readonly filter?: Filter
  readonly order: readonly Order[]
  readonly offset?: number
  readonly limit: number
  /** Deleted records are left out unless asked for. */
  readonly deleted?: 'without' | 'with'
  /** Hidden images of others are left out unless asked for. */
  readonly hidden?: 'without' | 'with'
}

/** What images are listed and ordered by. */
export type ImageKey = Pick<Image, 'handle' | 'createdAt'>

/** Images joined with the names that every face shows beside them. */
export function selectImages(query: Query) {
  return query
    .selectFrom('images')
    .leftJoin('projects', 'projects.id', 'images.owner_id')
    .leftJoin('locations', 'locations.id', 'images.location_id')
    .leftJoin('instances', (join) =>
      join
        .onRef('instances.uuid', '=', 'images.instance_uuid')
        .onRef('instances.project_id', '=', 'images.owner_id'),
    )
    .select(imageColumns)
}

export function imageLists({ database }: Core) {
  const { db, engine } = database
  const searchable = searchableImages(engine)
  // Builders are immutable: the long part of the query is put together once.
  const selected = selectImages(db)

  /** @throws Failure `forbidden` when a scope is not the actor's to ask for. */
  function demandScopes(actor: Actor, scopes: readonly Scope[]): void {
    for (const scope of scopes) {
      if ('everything' in scope) {
        if (actor.reads !== 'everything') demandDirectory(actor)
      } else if ('own' in scope) demandIn(actor, 'image.list', scope.own)
      else if ('attachedTo' in scope) demandIn(actor, 'image.list', scope.attachedTo)
      else if ('sharedWith' in scope) demandIn(actor, 'image.list', scope.sharedWith)
      else if (!permitted(actor, 'image.list', actor.projectId) && scope.visibility !== 'public')
        demandIn(actor, 'image.list', actor.projectId)
    }
  }

  function conditions(query: ImageQuery): RawBuilder<SqlBool> {
    const parts = [
      query.deleted === 'with' ? sql<SqlBool>`images.deleted in (0, 1)` : sql<SqlBool>`images.deleted = 0`,
    ]
    parts.push(oneOf(query.scopes.map((scope) => scopeCondition(scope, query.hidden === 'with'))))
    if (query.filter) parts.push(compile(query.filter, searchable))
    return sql`${sql.join(parts, sql` and `)}`
  }

  return {
    /** One page. @throws Failure `forbidden`, `invalid` (unknown field). */
    async list(actor: Actor, query: ImageQuery): Promise<Image[]> {
      demandScopes(actor, query.scopes)
      const rows = await selected
        .where(conditions(query))
        .orderBy(compileOrder(query.order, imageFields, engine))
        .limit(query.limit)
        .offset(query.offset ?? 0)
        .execute()
      return rows.map((row) => toImage(row as SelectedImage))
    },

    /** One page of what lists without objects show. @throws Failure as `list`. */
    async keys(actor: Actor, query: ImageQuery): Promise<ImageKey[]> {
      demandScopes(actor, query.scopes)
      const rows = await db
        .selectFrom('images')
        .select(['images.handle', 'images.created_at'])
        .where(conditions(query))
        .orderBy(compileOrder(query.order, imageFields, engine))
        .limit(query.limit)
        .offset(query.offset ?? 0)
        .execute()
      return rows.map((row) => ({ handle: row.handle, createdAt: row.created_at }))
    },

    /** How many there are over all pages: from the counters where they can tell, else by an index. */
    async count(actor: Actor, query: Omit<ImageQuery, 'order' | 'limit'>): Promise<number> {
      demandScopes(actor, query.scopes)
      const counted = countFromCounters(query)
      const { total } =
        counted === null
          ? await db
              .selectFrom('images')
              .select(sql<number>`count(*)`.as('total'))
              .where(conditions({ ...query, order: [], limit: 0 }))
              .executeTakeFirstOrThrow()
          : await db
              .selectFrom('image_counts')
              .select(sql<number>`coalesce(sum(images), 0)`.as('total'))
              .where(counted)
              .executeTakeFirstOrThrow()
      return Number(total)
    },
  }
}

function scopeCondition(scope: Scope, withHidden: boolean): RawBuilder<SqlBool> {
  const shown = withHidden ? sql`` : sql` and images.hidden = 0`
  if ('everything' in scope) return sql`1 = 1`
  if ('own' in scope) return sql`images.owner_id = ${scope.own}`
  if ('attachedTo' in scope)
    return sql`((images.owner_id = ${scope.attachedTo} and images.attached = 1) or images.seq in
      (select image_seq from image_members where project_id = ${scope.attachedTo} and status = 'accepted'))`
  if ('visibility' in scope) return sql`(images.visibility = ${scope.visibility}${shown})`
  const status = scope.status === 'all' ? sql`` : sql` and status = ${scope.status}`
  return sql`(images.visibility = 'shared' and images.seq in
    (select image_seq from image_members where project_id = ${scope.sharedWith}${status})${shown})`
}

/** The same question put to the counters, or null when they do not know enough. */
function countFromCounters(query: Omit<ImageQuery, 'order' | 'limit'>): RawBuilder<SqlBool> | null {
  if (query.filter && !speaksOnlyOf(query.filter, countedFields)) return null
  const scopes: RawBuilder<SqlBool>[] = []
  const shown = query.hidden === 'with' ? sql`` : sql` and image_counts.hidden = 0`
  for (const scope of query.scopes) {
    if ('sharedWith' in scope || 'attachedTo' in scope) return null
    if ('everything' in scope) scopes.push(sql`1 = 1`)
    else if ('own' in scope) scopes.push(sql`image_counts.owner_id = ${scope.own}`)
    else scopes.push(sql`(image_counts.visibility = ${scope.visibility}${shown})`)
  }
  const parts = [oneOf(scopes)]
  if (query.deleted !== 'with') parts.push(sql`image_counts.status <> 'deleted'`)
  if (query.filter) parts.push(compile(query.filter, { fields: countedFields }))
  return sql`${sql.join(parts, sql` and `)}`
}

function oneOf(parts: readonly RawBuilder<SqlBool>[]): RawBuilder<SqlBool> {
  if (parts.length === 0) return sql`1 = 0`
  return parts.length === 1 ? parts[0]! : sql`(${sql.join(parts, sql` or `)})`
}
