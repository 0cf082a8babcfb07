import { padded } from '../../database/padded.ts'
import { allows, permitted, permittedAnywhere } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Query } from '../core.ts'
import { fold } from '../fold.ts'
import { type GuardedImage, guardedImages } from '../images/guarded.ts'
import type { Visibility } from '../images/image.ts'
import type { Permission } from '../roles.ts'
import type { AuditRow } from './audit-reader.ts'
import type { CatalogueEvent, Hearing } from './event.ts'

/** Facts that decided about access before the change, as far as it touched them. */
type Before = {
  readonly visibility?: Visibility
  readonly ownerId?: number | null
  readonly bound?: boolean
  /** Of whoever lost access: one project, several, or the name of one. */
  readonly projectId?: number
  readonly projects?: readonly number[]
  readonly members?: readonly number[]
  readonly project?: string
}

/** What the audit entries speak of, as it is now. */
type Facts = {
  readonly images: ReadonlyMap<string, GuardedImage>
  /** By name, folded. */
  readonly projects: ReadonlyMap<string, number>
  /** Instance → project. */
  readonly instances: ReadonlyMap<string, number>
}

/** Whoever has the permission somewhere hears of these without learning of which: which of them he sees is not said here. */
const places: Readonly<Record<string, Permission>> = {
  architecture: 'place.view',
  'compute resource': 'compute-resource.view',
  location: 'place.view',
  'operating system': 'place.view',
  registration: 'registration.view',
  repository: 'image.import',
}

/** Entries that nobody's lists show: `task` has a reader of its own. */
const isSilent = ({ subject_kind, action }: AuditRow): boolean =>
  subject_kind === 'task' || action === 'login' || action === 'logout'

/** Who hears of these entries. Whoever could see something hears of its end, and of no longer seeing it. */
export async function hearingsOf(query: Query, entries: readonly AuditRow[]): Promise<readonly Hearing[]> {
  const rows = entries.filter((row) => !isSilent(row))
  const befores = rows.map(beforeOf)
  const facts: Facts = {
    images: await guardedImages(query, idsOf(rows, 'image')),
    projects: await projectsNamed(query, [
      ...idsOf(rows, 'project'),
      ...befores.flatMap(({ project }) => (typeof project === 'string' ? [project] : [])),
    ]),
    instances: await projectsOfInstances(query, idsOf(rows, 'instance')),
  }
  return rows.map((row, index) => {
    const event = eventOf(row)
    const before = befores[index]!
    return (actor) => (actor.superAdmin ? event : heard(actor, row, before, event, facts))
  })
}

function heard(
  actor: Actor,
  row: AuditRow,
  before: Before,
  event: CatalogueEvent,
  facts: Facts,
): CatalogueEvent | null {
  const { subject_id: id } = row
  const kind = kindOf(row)
  const place = places[kind]
  if (place !== undefined) return permittedAnywhere(actor, place) ? { kind: event.kind } : null
  switch (kind) {
    case 'image':
      return seesImage(actor, id, before, facts) ? event : null
    case 'instance': {
      const projectId = facts.instances.get(id) ?? before.projectId
      return projectId !== undefined && permitted(actor, 'image.view', projectId) ? event : null
    }
    case 'project': {
      const projectId = facts.projects.get(fold(id))
      return projectId !== undefined && permitted(actor, 'image.list', projectId) ? event : null
    }
    case 'user':
      return id === String(actor.userId) || id === fold(actor.username) || isOwnDeed(actor, row)
        ? event
        : null
    default:
      // Tokens and keys of one's own; the rest is for administrators.
      return isOwnDeed(actor, row) ? event : null
  }
}

function isOwnDeed(actor: Actor, { user_id }: AuditRow): boolean {
  return user_id !== null && user_id === actor.userId
}

/** Sees, or has seen until now. */
function seesImage(actor: Actor, uuid: string, before: Before, facts: Facts): boolean {
  const known = facts.images.get(uuid)
  if (!known) return false
  const { image, members } = known
  if (allows(actor, 'image.view', image, members)) return true
  const { visibility = image.visibility, ownerId = image.ownerId, bound = image.bound } = before
  const detached = before.project === undefined ? undefined : facts.projects.get(fold(before.project))
  const lost = [before.projectId, detached].filter((id) => id !== undefined)
  const past = new Set([...members, ...lost, ...(before.projects ?? []), ...(before.members ?? [])])
  return allows(actor, 'image.view', { uuid, visibility, ownerId, bound }, past)
}

function eventOf(row: AuditRow): CatalogueEvent {
  const kind = kindOf(row)
  // An organization is a project.
  const shown = kind === 'organization' ? 'project' : kind.replaceAll(' ', '-')
  return { kind: shown, id: row.subject_id, action: row.action }
}

/** One setting is the list of repositories, which others than administrators see, too. */
function kindOf({ subject_kind: kind, subject_id: id }: AuditRow): string {
  return kind === 'setting' && id === 'repositories' ? 'repository' : kind
}

function beforeOf({ before_json }: AuditRow): Before {
  const before: unknown = before_json === null ? null : JSON.parse(before_json)
  return typeof before === 'object' && before !== null && !Array.isArray(before) ? before : {}
}

function idsOf(rows: readonly AuditRow[], kind: string): readonly string[] {
  return [...new Set(rows.filter((row) => row.subject_kind === kind).map((row) => row.subject_id))]
}

async function projectsNamed(query: Query, names: readonly string[]): Promise<Facts['projects']> {
  if (names.length === 0) return new Map()
  const rows = await query
    .selectFrom('projects')
    .select(['id', 'name_fold'])
    .where('name_fold', 'in', padded(names.map(fold)))
    .execute()
  return new Map(rows.map(({ id, name_fold }) => [name_fold, id]))
}

async function projectsOfInstances(query: Query, uuids: readonly string[]): Promise<Facts['instances']> {
  if (uuids.length === 0) return new Map()
  const rows = await query
    .selectFrom('instances')
    .select(['uuid', 'project_id'])
    .where('uuid', 'in', padded(uuids))
    .execute()
  return new Map(rows.map(({ uuid, project_id }) => [uuid, project_id]))
}
