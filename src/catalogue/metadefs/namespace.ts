import type { Instant } from '../../database/schema.ts'
import { demandDirectory, permitted, permittedAnywhere } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Core, Query, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import { openstackId } from '../people/openstack/identity.ts'

/** A family of metadata definitions, by its name unique in the whole installation. */
export type Namespace = {
  readonly id: number
  readonly name: string
  readonly displayName: string | null
  readonly description: string | null
  readonly visibility: 'public' | 'private'
  /** Nothing of it can be deleted. */
  readonly protected: boolean
  /** Null: its project is gone. */
  readonly owner: { readonly id: number; readonly openstackId: string } | null
  readonly createdAt: Instant
  readonly updatedAt: Instant
}

export function selectNamespaces(query: Query) {
  return query
    .selectFrom('metadef_namespaces')
    .leftJoin('projects', 'projects.id', 'metadef_namespaces.owner_id')
    .selectAll('metadef_namespaces')
    .select(['projects.uuid as owner_uuid', 'projects.keystone_id as owner_keystone_id'])
}

type Row = Awaited<ReturnType<ReturnType<typeof selectNamespaces>['execute']>>[number]

export function toNamespace(row: Row): Namespace {
  return {
    id: row.id,
    name: row.name,
    displayName: row.display_name,
    description: row.description,
    visibility: row.visibility,
    protected: row.protected === 1,
    owner:
      row.owner_id === null
        ? null
        : {
            id: row.owner_id,
            openstackId: openstackId({ uuid: row.owner_uuid!, keystone_id: row.owner_keystone_id }),
          },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

/** The projects whose private namespaces the actor sees. */
export function ownProjects(actor: Actor): number[] {
  return [...actor.roles.keys()].filter((id) => permitted(actor, 'image.view', id))
}

/** Definitions describe images: whoever may look at any sees the public ones. @throws Failure `forbidden` (reason `role`) */
export function demandReader(actor: Actor): void {
  if (permittedAnywhere(actor, 'image.view')) return
  throw new Failure('forbidden', 'Your role does not allow this.', { reason: 'role', id: 'image.view' })
}

/** @throws Failure `not-found` when it is absent or invisible */
export async function findNamespace(query: Query, actor: Actor, name: string): Promise<Namespace> {
  const row = await selectNamespaces(query).where('metadef_namespaces.name', '=', name).executeTakeFirst()
  const isVisible =
    row &&
    permittedAnywhere(actor, 'image.view') &&
    (row.visibility === 'public' || permitted(actor, 'image.view', row.owner_id))
  if (!isVisible)
    throw new Failure('not-found', `There is no metadata namespace ${name}.`, {
      subject: 'metadef-namespace',
      id: name,
    })
  return toNamespace(row)
}

/**
 * Runs a change with the namespace locked, because what may be written depends on what it says and holds.
 * @throws Failure `not-found`, `forbidden` (reason `role`)
 */
export async function changing<T>(
  { database }: Core,
  actor: Actor,
  name: string,
  work: (trx: Trx, namespace: Namespace) => Promise<T>,
): Promise<T> {
  return database.transaction(async (trx) => {
    if (database.engine === 'postgres')
      await trx.selectFrom('metadef_namespaces').select('id').where('name', '=', name).forUpdate().execute()
    const namespace = await findNamespace(trx, actor, name)
    demandDirectory(actor)
    return work(trx, namespace)
  })
}

/** @throws Failure `forbidden` (reason `protected`) */
export function demandUnprotected({ name, protected: isProtected }: Namespace): void {
  if (!isProtected) return
  throw new Failure('forbidden', `Metadata namespace ${name} is protected: nothing of it can be deleted.`, {
    subject: 'metadef-namespace',
    id: name,
    reason: 'protected',
  })
}
