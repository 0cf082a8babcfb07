import type { WireHistoryEntry } from '../../../../../src/faces/console/wire.ts'

/** One thing that is different after an entry; null: there was, or is, nothing. */
export type Difference = {
  /** `fact`: the console has words for its name. */
  readonly kind: 'fact' | 'property' | 'other'
  readonly name: string
  readonly before: Value
  readonly after: Value
}

export type Value =
  | null
  | {
      readonly kind: 'text' | 'instant' | 'bytes' | 'project' | 'user' | 'status' | 'answer' | 'visibility'
      readonly value: string
    }
  | { readonly kind: 'yes' | 'no' }
  | { readonly kind: 'list'; readonly values: readonly string[] }

/** How the facts of the audit log are shown. */
const kinds = {
  name: 'text',
  handle: 'text',
  status: 'status',
  visibility: 'visibility',
  ownerId: 'project',
  projectId: 'project',
  projects: 'project',
  project: 'text',
  member: 'text',
  creatorId: 'user',
  region: 'text',
  diskFormat: 'text',
  containerFormat: 'text',
  size: 'bytes',
  virtualSize: 'bytes',
  minDisk: 'text',
  minRam: 'text',
  protected: 'flag',
  hidden: 'flag',
  withdrawn: 'flag',
  external: 'flag',
  resize: 'flag',
  deploy: 'flag',
  tags: 'list',
  stores: 'list',
  locations: 'list',
  version: 'text',
  type: 'text',
  failure: 'text',
  warning: 'text',
  copy: 'text',
  publishedAt: 'instant',
  cleanupAt: 'instant',
} as const

/** What the console has words for: facts, and deeds; others are told as they are called. */
export const knownFacts: readonly string[] = Object.keys(kinds)
export const knownDeeds: readonly string[] = [
  'create',
  'update',
  'transfer',
  'bytes-received',
  'bytes-located',
  'content-warning',
  'import',
  'copy',
  'move',
  'deactivate',
  'reactivate',
  'delete',
  'share',
  'share-decision',
  'unshare',
  'attach',
  'detach',
  'locations',
  'remove-from-store',
]

/** Bookkeeping, and what is told by something else. */
const hidden: ReadonlySet<string> = new Set([
  'uuid',
  'blobId',
  'locationId',
  'bound',
  'attached',
  'unregistered',
  'import',
  'guestAgent',
  'instanceUuid',
  'volumeSnapshotUuid',
  'createdAt',
  'deletedAt',
  'digests',
])

/** What an entry of the history changed, in the order in which it was written. */
export function differencesOf({ action, before, after }: WireHistoryEntry): Difference[] {
  if (action === 'share-decision') return answerOf(factsOf(before), factsOf(after))
  const [was, is] = [factsOf(before), factsOf(after)]
  return [...new Set([...Object.keys(was), ...Object.keys(is)])].flatMap((name) =>
    name === 'properties' || name === 'manifest'
      ? inside(name, factsOf(own(was, name)), factsOf(own(is, name)))
      : hidden.has(name)
        ? []
        : different(name, own(was, name), own(is, name)).filter((one) => before !== null || !isUsual(one)),
  )
}

/** What a member says to the offer, and which one. */
function answerOf(was: Facts, is: Facts): Difference[] {
  const answer = (facts: Facts): Value => ({ kind: 'answer', value: String(own(facts, 'status')) })
  const member = Object.hasOwn(is, 'projectId') ? 'projectId' : 'member'
  return [
    { kind: 'fact', name: member, before: null, after: toValue(member, own(is, member)) },
    { kind: 'fact', name: 'answer', before: answer(was), after: answer(is) },
  ]
}

/** What is so of every new image is not told of one. */
function isUsual({ before, after }: Difference): boolean {
  return (
    before === null &&
    (after === null || after.kind === 'no' || (after.kind === 'text' && after.value === '0'))
  )
}

function different(name: string, was: unknown, is: unknown): Difference[] {
  const [before, after] = [toValue(name, was), toValue(name, is)]
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  // Of lists only what came and went is told.
  if (before?.kind === 'list' && after?.kind === 'list') {
    const [gone, come] = [without(before.values, after.values), without(after.values, before.values)]
    return [{ kind: kindOf(name), name, before: listOf(gone), after: listOf(come) }]
  }
  return [{ kind: kindOf(name), name, before, after }]
}

/** What differs of a fact that has names and values of its own. */
function inside(whole: 'properties' | 'manifest', was: Facts, is: Facts): Difference[] {
  return [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .filter((name) => JSON.stringify(own(was, name)) !== JSON.stringify(own(is, name)))
    .map((name) => ({
      kind: 'property',
      name: whole === 'manifest' ? `manifest.${name}` : name,
      before: text(own(was, name)),
      after: text(own(is, name)),
    }))
}

const without = (some: readonly string[], others: readonly string[]) =>
  some.filter((one) => !others.includes(one))
const listOf = (values: readonly string[]): Value => (values.length === 0 ? null : { kind: 'list', values })

const kindOf = (name: string) => (Object.hasOwn(kinds, name) ? ('fact' as const) : ('other' as const))

type Facts = Readonly<Record<string, unknown>>

/** Properties may be called like what every object inherits. */
const own = (facts: Facts, name: string): unknown => (Object.hasOwn(facts, name) ? facts[name] : undefined)

function factsOf(side: unknown): Facts {
  return typeof side === 'object' && side !== null && !Array.isArray(side) ? (side as Facts) : {}
}

function toValue(name: string, value: unknown): Value {
  if (value === null || value === undefined || value === '') return null
  const kind = Object.hasOwn(kinds, name) ? kinds[name as keyof typeof kinds] : 'text'
  if (typeof value === 'boolean') return { kind: value ? 'yes' : 'no' }
  if (kind === 'project' && Array.isArray(value)) return listOf(value.map(String))
  if (Array.isArray(value))
    return listOf(value.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))))
  if (kind === 'flag' || kind === 'list') return text(value)
  return { kind, value: typeof value === 'object' ? JSON.stringify(value) : String(value) }
}

function text(value: unknown): Value {
  if (value === null || value === undefined) return null
  return { kind: 'text', value: typeof value === 'string' ? value : JSON.stringify(value) }
}
