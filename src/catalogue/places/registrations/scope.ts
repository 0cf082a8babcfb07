import { type RawBuilder, type SqlBool, sql } from 'kysely'
import { demandPermission } from '../../access.ts'
import type { Actor } from '../../actor.ts'
import type { Query } from '../../core.ts'
import { Failure, isFailure } from '../../failure.ts'
import type { PlacePermission } from '../../roles.ts'
import type { Context } from '../listing.ts'
import { catalogueResource, projectsWith, resourcesWith, visibleResources } from '../visibility.ts'

export type ParentKind = 'compute-resource' | 'operating-system' | 'architecture'

/** Where registrations are looked for: below a parent, narrowed by what else was asked (foreman.md sections 1 and 3.2). */
export type RegistrationScope = {
  readonly parent: { readonly kind: ParentKind; readonly id: number }
  readonly computeResourceId?: number
  readonly operatingSystemId?: number
  readonly architectureId?: number
  readonly context?: Context
}

/** What is done with registrations, and what it takes of the parent besides (foreman.md section 12). */
const parentAccess = {
  'registration.view': 'view',
  'registration.create': 'edit',
  'registration.update': 'view',
  'registration.delete': 'edit',
} as const satisfies Partial<Record<PlacePermission, 'view' | 'edit'>>
export type Deed = keyof typeof parentAccess
export const deeds = Object.keys(parentAccess) as readonly Deed[]

const tables = {
  'compute-resource': 'compute_resources',
  'operating-system': 'operating_systems',
  architecture: 'architectures',
} as const

/**
 * Refuses a deed below a parent that is absent, invisible or not permitted.
 * @throws Failure `forbidden` (reason `permission`); `not-found` with the parent as subject.
 */
export async function demandScope(
  query: Query,
  actor: Actor,
  scope: RegistrationScope,
  deed: Deed,
): Promise<void> {
  demandPermission(actor, deed)
  const { kind, id } = scope.parent
  const missing = () =>
    new Failure('not-found', `There is no ${kind.replace('-', ' ')} ${id}.`, {
      subject: kind,
      id: String(id),
    })
  const edit = parentAccess[deed] === 'edit'
  if (kind !== 'compute-resource' && edit && !actor.superAdmin) throw missing()
  let found = query.selectFrom(tables[kind]).select('id').where('id', '=', id)
  if (kind === 'compute-resource') {
    const conditions = await resourceConditions(query, actor, scope.context, edit)
    for (const condition of conditions) found = found.where(condition)
  }
  if (!Number.isSafeInteger(id) || !(await found.executeTakeFirst())) throw missing()
}

/** Would `demandScope` let the deed pass? */
export async function allowsDeed(
  query: Query,
  actor: Actor,
  scope: RegistrationScope,
  deed: Deed,
): Promise<boolean> {
  try {
    await demandScope(query, actor, scope, deed)
    return true
  } catch (error) {
    if (isFailure(error)) return false
    throw error
  }
}

/** May the actor put a registration on this compute resource, whatever the route's parent was? */
export async function mayRegisterOn(
  query: Query,
  actor: Actor,
  id: number,
  context: Context | undefined,
): Promise<boolean> {
  let found = query.selectFrom('compute_resources').select('id').where('id', '=', id)
  for (const condition of await resourceConditions(query, actor, context, true))
    found = found.where(condition)
  return Number.isSafeInteger(id) && (await found.executeTakeFirst()) !== undefined
}

async function resourceConditions(
  query: Query,
  actor: Actor,
  context: Context | undefined,
  edit: boolean,
): Promise<RawBuilder<SqlBool>[]> {
  const conditions = [await visibleResources(query, actor, context)]
  if (edit) conditions.push(resourcesWith(actor, 'compute-resource.register'))
  return conditions.filter((condition) => condition !== null)
}

/**
 * Which registrations below the parent exist for the actor, for `joinedRegistrations`: on visible compute resources, and of the catalogue's own
 * those of images that the actor may see. `listed` leaves out the hidden images of others, which only lists do.
 * `led`: what else is asked finds few, so that the database must not walk all that is below the parent.
 */
export async function registrationCondition(
  query: Query,
  actor: Actor,
  scope: RegistrationScope,
  listed: boolean,
  led = false,
): Promise<RawBuilder<SqlBool>> {
  const { parent } = scope
  const columns = [
    ['compute_resource_id', parent.kind === 'compute-resource' ? parent.id : undefined],
    ['operating_system_id', parent.kind === 'operating-system' ? parent.id : undefined],
    ['architecture_id', parent.kind === 'architecture' ? parent.id : undefined],
    ['compute_resource_id', scope.computeResourceId],
    ['operating_system_id', scope.operatingSystemId],
    ['architecture_id', scope.architectureId],
  ] as const
  const conditions = columns.flatMap(([column, id]) =>
    id === undefined
      ? []
      : [sql<SqlBool>`${led ? sql`+` : sql``}${sql.ref(`registrations.${column}`)} = ${id}`],
  )
  if (parent.kind !== 'compute-resource') {
    const visible = await visibleResources(query, actor, scope.context)
    if (visible)
      conditions.push(
        sql`registrations.compute_resource_id in (select compute_resources.id from compute_resources where ${visible})`,
      )
  }
  const seen = visibleImage(actor, listed)
  if (seen && (parent.kind !== 'compute-resource' || parent.id === catalogueResource.id))
    conditions.push(sql`(registrations.compute_resource_id <> ${catalogueResource.id} or ${seen})`)
  return sql`${sql.join(conditions, sql` and `)}`
}

/** "The image is visible", as `allows` of access.ts decides for one; null for administrators, who see all. */
export function visibleImage(actor: Actor, listed: boolean): RawBuilder<SqlBool> | null {
  if (actor.superAdmin) return null
  const projects = projectsWith(actor, 'image.view')
  const ids = projects.length === 0 ? sql`null` : sql.join(projects)
  const shown = listed ? sql` and images.hidden = 0` : sql``
  return sql`(images.owner_id in (${ids})
    or ((images.visibility in ('public', 'community') or images.owner_id is null)${shown})
    or (images.visibility = 'shared' and images.seq in
      (select image_seq from image_members where project_id in (${ids}))${shown}))`
}
