import { type RawBuilder, type SqlBool, sql } from 'kysely'
import { demandDirectory, demandIn, permitted } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Core, Query } from '../core.ts'
import { compile, type Filter, type Order, type Scalar, speaksOnlyOf } from '../search.ts'
import { fromFew } from './few.ts'
import { countedFields, searchableImages } from './fields.ts'
import type { Image } from './image.ts'
import { pageReader } from './pages.ts'
import { imageColumns, type SelectedImage, toImage } from './row.ts'
import { apart, type Part, partsOf, rowsOf, type Scope } from './scopes.ts'

export type { Scope } from './scopes.ts'

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

/** What a list is asked for, apart from its order and page. */
type Asked = Omit<ImageQuery, 'order' | 'limit' | 'offset'>

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

export function imageLists(core: Core) {
  const { db, engine } = core.database
  const searchable = searchableImages(engine)
  const wholePage = pageReader(core, selectImages, { narrow: false })
  const keyPage = pageReader(core, (query) => query.selectFrom('images').select(['handle', 'created_at']), {
    narrow: true,
  })

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

  /** Parts of the scopes with all else that is asked. */
  function within(parts: readonly Part[], { deleted, filter }: Asked): readonly Part[] {
    const asked = [
      deleted === 'with' ? sql<SqlBool>`images.deleted in (0, 1)` : sql<SqlBool>`images.deleted = 0`,
      ...(filter ? [compile(filter, searchable)] : []),
    ]
    return parts.map((part) => ({
      ...part,
      condition: sql`${sql.join([...asked, part.condition], sql` and `)}`,
    }))
  }

  const partsFor = (query: Asked) =>
    fromFew(core, within(partsOf(scopesIn(query), query.hidden === 'with'), query), query.filter, searchable)

  return {
    /** One page. @throws Failure `forbidden`, `invalid` (unknown field). */
    async list(actor: Actor, query: ImageQuery): Promise<Image[]> {
      demandScopes(actor, query.scopes)
      const rows = await wholePage(await partsFor(query), ordered(query))
      return rows.map((row) => toImage(row as SelectedImage))
    },

    /** One page of what lists without objects show. @throws Failure as `list`. */
    async keys(actor: Actor, query: ImageQuery): Promise<ImageKey[]> {
      demandScopes(actor, query.scopes)
      const rows = await keyPage(await partsFor(query), ordered(query))
      return rows.map((row) => ({ handle: row.handle, createdAt: row.created_at }))
    },

    /** How many there are over all pages: from the counters where they can tell, else by an index. */
    async count(actor: Actor, query: Asked): Promise<number> {
      demandScopes(actor, query.scopes)
      const counters = countersOf(query)
      const parts = apart(partsOf(scopesIn(query), query.hidden === 'with'))
      const uncounted = within(counters ? parts.filter(({ source }) => source) : parts, query)
      const counts = [
        ...(counters ? [sql`select coalesce(sum(images), 0) from image_counts where ${counters}`] : []),
        ...(await fromFew(core, uncounted, query.filter, searchable)).map(
          (part) => sql`select count(*) from ${rowsOf(part)}`,
        ),
      ]
      const terms = counts.map((count) => sql`(${count})`)
      const { rows } = await sql<{
        total: number
      }>`select ${sql.join([0, ...terms], sql` + `)} as total`.execute(db)
      return Number(rows[0]!.total)
    },
  }
}

/** The scopes that can show what is asked for: where only one owner's images are, those of others show nothing. */
function scopesIn({ scopes, filter }: Asked): readonly Scope[] {
  const owner = filter && ownerIn(filter)
  if (owner === undefined) return scopes
  const own = scopes.find((scope) => 'own' in scope && scope.own === owner)
  return own ? [own] : scopes.filter((scope) => !('own' in scope))
}

function ownerIn(filter: Filter): Scalar | undefined {
  if ('all' in filter) return filter.all.map(ownerIn).find((owner) => owner !== undefined)
  return 'field' in filter && filter.field === 'ownerId' && 'is' in filter && filter.is === 'eq'
    ? filter.value
    : undefined
}

/** What is not deleted has no date of it, and no index for it. */
function ordered(query: ImageQuery): ImageQuery {
  if (query.deleted === 'with') return query
  return { ...query, order: query.order.filter(({ field }) => field !== 'deletedAt') }
}

/** The conditions of the counters that know of the scopes which speak of no members, or null when they do not know enough. */
function countersOf({ scopes, filter, hidden, deleted }: Asked): RawBuilder<SqlBool> | null {
  if (filter && !speaksOnlyOf(filter, countedFields)) return null
  const known: RawBuilder<SqlBool>[] = [sql`1 = 0`]
  const shown = hidden === 'with' ? sql`` : sql` and image_counts.hidden = 0`
  for (const scope of scopes) {
    if ('attachedTo' in scope) return null
    if ('everything' in scope) known.push(sql`1 = 1`)
    else if ('own' in scope) known.push(sql`image_counts.owner_id = ${scope.own}`)
    else if ('visibility' in scope) known.push(sql`(image_counts.visibility = ${scope.visibility}${shown})`)
  }
  const parts = [sql<SqlBool>`(${sql.join(known, sql` or `)})`]
  if (deleted !== 'with') parts.push(sql`image_counts.status <> 'deleted'`)
  if (filter) parts.push(compile(filter, { fields: countedFields }))
  return sql`${sql.join(parts, sql` and `)}`
}
