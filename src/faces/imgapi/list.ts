import type { Image } from '../../catalogue/images/image.ts'
import type { ImageQuery } from '../../catalogue/images/list.ts'
import { uuidPattern, zeroOwner } from '../../catalogue/manifests/manifest.ts'
import { inChannels } from '../../catalogue/publications/channels.ts'
import type { Filter } from '../../catalogue/search.ts'
import { parseInstant } from '../../catalogue/time.ts'
import { viewpoint } from './accounts.ts'
import { badParameter } from './failures.ts'
import type { Query } from './query.ts'
import { requestedChannels } from './requested-channels.ts'
import type { Answer, Context } from './route.ts'
import { manifestsOf } from './view.ts'

/** danube.md 7.4. */
const largestPage = 1000
const everything: Filter = { all: [] }
const nothing: Filter = { any: [] }

/** Statuses of the catalogue in one of this wire's states (one-catalogue.md section 3); the record of bytes that are kept elsewhere is in none. */
const here: Filter = { field: 'external', is: 'eq', value: 0 }
const status = (...values: readonly string[]): Filter => ({ field: 'status', in: values })
const staged: Filter = { not: { field: 'blobId', missing: true } }
const states: Readonly<Record<string, Filter>> = {
  active: status('active'),
  disabled: status('deactivated'),
  unactivated: { any: [{ all: [status('queued'), here] }, { all: [status('uploading'), staged] }] },
  creating: {
    any: [status('saving', 'importing'), { all: [status('uploading'), { field: 'blobId', missing: true }] }],
  },
  failed: status('killed'),
}
const all: Filter = { any: Object.values(states) }

export async function listImages(context: Context): Promise<Answer> {
  const { query, caller } = context
  const actor = await viewpoint(context)
  const limit = limitOf(query)
  const descending = orderOf(query) === 'desc'
  const { scopes, filter: visible } = context.parts.catalogue.publicationViews.scopes(actor)
  const channels = requestedChannels(context)
  const filter: Filter = {
    all: [
      visible,
      stateOf(query, caller.account !== null),
      ...(channels ? [inChannels(channels, context.repository.channels)] : []),
      ...textFilters(query),
      ...tagFilters(query),
      ...(await ownerFilter(context)),
    ],
  }
  const marker = await markerOf(context)
  const page = { scopes, limit, descending, marker, filter }
  const images = await publishedFirst(page, (asked) => context.parts.catalogue.images.list(actor, asked))
  return { body: await manifestsOf(context, images) }
}

/** Where a list goes on. */
type Marker = { readonly publishedAt: number | null; readonly uuid: string | null }

type Page = Pick<ImageQuery, 'scopes' | 'limit'> & {
  readonly filter: Filter
  readonly descending: boolean
  readonly marker: Marker | null
}

/**
 * By date of publication, and what has none comes last in either direction. A marker names the first image of its page:
 * "images with `published_at` >= it (inclusive)"; those of one instant are told apart by their uuid.
 */
async function publishedFirst(
  { marker, filter, descending, scopes, limit }: Page,
  list: (query: ImageQuery) => Promise<Image[]>,
): Promise<Image[]> {
  const ask = (more: readonly Filter[], order: ImageQuery['order'], many: number) =>
    list({ scopes, filter: { all: [filter, ...more] }, order, limit: many })
  const inUnpublished = marker !== null && marker.publishedAt === null
  const published = inUnpublished
    ? []
    : await ask(
        // A comparison leaves out what has no date, and is a range of the index.
        marker ? fromMarker(marker, descending) : [{ field: 'publishedAt', is: 'gte', value: 0 }],
        [
          { field: 'publishedAt', descending },
          { field: 'uuid', descending },
        ],
        limit,
      )
  const left = limit - published.length
  if (left === 0) return published
  const unpublished = await ask(
    [
      { field: 'publishedAt', missing: true },
      ...(inUnpublished ? [{ field: 'uuid', is: 'gte', value: marker.uuid! } as const] : []),
    ],
    [{ field: 'uuid' }],
    left,
  )
  return [...published, ...unpublished]
}

/** Dates have milliseconds on this wire: whoever sends one back means all that happened in that one; microseconds. */
const belowMillisecond = 999

function fromMarker({ publishedAt, uuid }: Marker, descending: boolean): readonly Filter[] {
  const value = publishedAt!
  const range: Filter = { field: 'publishedAt', is: descending ? 'lte' : 'gte', value }
  if (uuid === null) return descending ? [{ ...range, value: value + belowMillisecond }] : [range]
  const beyond: Filter = { field: 'publishedAt', is: descending ? 'lt' : 'gt', value }
  const same: Filter = {
    all: [
      { field: 'publishedAt', is: 'eq', value },
      { field: 'uuid', is: descending ? 'lte' : 'gte', value: uuid },
    ],
  }
  return [range, { any: [beyond, same] }]
}

async function markerOf(context: Context): Promise<Marker | null> {
  const text = context.query.get('marker')
  if (text === undefined) return null
  if (uuidPattern.test(text)) {
    const { publishedAt } = await context.parts.catalogue.publicationViews.view(context.actor, text)
    return { publishedAt, uuid: text }
  }
  const publishedAt = parseInstant(text)
  if (publishedAt === null) throw badParameter('marker', 'must be the uuid of an image or an ISO date')
  return { publishedAt, uuid: null }
}

function limitOf(query: Query): number {
  const text = query.get('limit')
  if (text === undefined) return largestPage
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (limit >= 1 && limit <= largestPage) return limit
  throw badParameter('limit', `must be a number from 1 to ${largestPage}`)
}

function orderOf(query: Query): 'asc' | 'desc' {
  const [, order] = /^published_at(?:\.(asc|desc))?$/.exec(query.get('sort') ?? 'published_at') ?? [
    null,
    null,
  ]
  if (order === null)
    throw badParameter('sort', 'must be published_at, published_at.asc or published_at.desc')
  return order === 'desc' ? 'desc' : 'asc'
}

/** "Stand-alone without credentials: only active ones are ever listed." */
function stateOf(query: Query, isKnown: boolean): Filter {
  const name = query.get('state') ?? 'active'
  const found = name === 'all' ? all : Object.hasOwn(states, name) ? states[name] : undefined
  if (!found) throw badParameter('state', `must be one of ${[...Object.keys(states), 'all'].join(', ')}`)
  if (isKnown) return found
  return name === 'all' || name === 'active' ? states.active! : nothing
}

function textFilters(query: Query): readonly Filter[] {
  const filters: Filter[] = []
  const name = query.get('name')
  if (name !== undefined) filters.push(nameFilter(name))
  const version = query.get('version')
  if (version !== undefined) {
    const said = versionFilter(version)
    // What a manifest says of an image whose version nobody said.
    const usual = version.startsWith('~') ? '1.0'.includes(version.slice(1)) : version === '1.0'
    filters.push(usual ? { any: [said, { field: 'version', missing: true }] } : said)
  }
  const isPublic = query.flag('public')
  if (isPublic !== undefined)
    filters.push({ field: 'visibility', is: isPublic ? 'eq' : 'ne', value: 'public' })
  const os = query.get('os')
  if (os !== undefined) filters.push({ field: 'imgapiOs', is: 'eq', value: os })
  const type = query.get('type')
  if (type !== undefined)
    filters.push(
      type.startsWith('!')
        ? { field: 'imgapiType', is: 'ne', value: type.slice(1) }
        : { field: 'imgapiType', is: 'eq', value: type },
    )
  return filters
}

/**
 * Exact, or with a leading `~` contained; upper and lower case are different. What is contained in a shown name is
 * looked for with the index of the stored ones, in which anything may stand where a dash is shown.
 */
function nameFilter(text: string): Filter {
  if (!text.startsWith('~')) return { field: 'imgapiName', is: 'eq', value: text }
  const part = text.slice(1)
  if (part === '') return everything
  const stored: Filter = { field: 'name', like: ['', ...part.split('-'), ''] }
  // Without a name, the uuid is shown.
  const mayBeUuid = /^[0-9a-f-]+$/.test(part)
  const found: Filter = mayBeUuid ? { any: [stored, { field: 'name', is: 'eq', value: '' }] } : stored
  return { all: [found, { field: 'imgapiName', contains: part }] }
}

/** As names; versions have no index: they narrow a list that is walked in its order. */
function versionFilter(text: string): Filter {
  if (!text.startsWith('~')) return { field: 'version', is: 'eq', value: text }
  const part = text.slice(1)
  return part === '' ? everything : { field: 'version', contains: part }
}

function tagFilters(query: Query): readonly Filter[] {
  const tags = query.below('tag.').map(([name, value]) => tagFilter(name, value))
  return [...tags, ...query.all('billing_tag').map((name): Filter => ({ fact: 'billing_tag', name }))]
}

/** Danube's own tags are facts of the catalogue, which wins over what a manifest said once (danube.md 7.10). */
function tagFilter(name: string, value: string): Filter {
  const said: Filter = { fact: 'tag', name, value }
  if (name === 'erigones') return { any: [{ tag: value }, said] }
  if (name === 'resize' || name === 'deploy') {
    const otherwise: Filter = { all: [{ field: name, missing: true }, said] }
    if (value !== 'true' && value !== 'false') return otherwise
    return { any: [{ field: name, is: 'eq', value: value === 'true' ? 1 : 0 }, otherwise] }
  }
  if (name !== 'internal' || value !== 'false') return said
  const isDanubes: Filter = {
    any: (['resize', 'deploy'] as const).map((field) => ({ not: { field, missing: true } })),
  }
  return { any: [said, { all: [{ not: { fact: 'tag', name } }, isDanubes] }] }
}

async function ownerFilter({ query, caller, parts }: Context): Promise<readonly Filter[]> {
  const owner = query.get('owner')
  if (owner === undefined) return []
  if (!uuidPattern.test(owner)) throw badParameter('owner', 'must be a lower-case UUID')
  // Everything belongs to nobody for those who do not learn whose it is.
  if (caller.account === null) return [owner === zeroOwner ? everything : nothing]
  if (owner === zeroOwner) return [{ field: 'ownerId', missing: true }]
  const id = await parts.catalogue.publicationViews.ownerId(owner)
  return [id === null ? nothing : { field: 'ownerId', is: 'eq', value: id }]
}
