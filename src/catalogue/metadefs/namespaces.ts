import { demandDirectory } from '../access.ts'
import type { Actor } from '../actor.ts'
import { difference, record } from '../audit.ts'
import type { Core, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import { isTaken } from '../people/name-taken.ts'
import { violations } from '../places/violations.ts'
import { now } from '../time.ts'
import { demandName, demandShort, type Entry, kinds } from './entry.ts'
import { associationsOf, type Contents, type ContentsDraft, contentsOf, insertEntries } from './holding.ts'
import {
  changing,
  demandReader,
  demandUnprotected,
  findNamespace,
  type Namespace,
  ownProjects,
  selectNamespaces,
  toNamespace,
} from './namespace.ts'
import { behind, inOrder, type Paging } from './paging.ts'

export type NamespaceFacts = Pick<
  Namespace,
  'name' | 'displayName' | 'description' | 'visibility' | 'protected'
>
/** Without `ownerId`: the project of the actor; when it is changed, whose it is. */
export type NamespaceDraft = NamespaceFacts & { readonly ownerId?: number }

export type NamespaceListing = Paging & {
  readonly visibility?: 'public' | 'private'
  /** Associated with one of these at least. */
  readonly resourceTypes?: readonly string[]
}
export type ListedNamespace = Namespace & { readonly associations: readonly Entry<'association'>[] }

/**
 * In the whole installation. Few enough that a page of what somebody sees may pass over what others keep private, in the
 * order of an index.
 */
const most = 1000
const lengths = { displayName: 80, description: 500 }

/** Everybody sees the public ones and their project's own, administrators all; only those write (glance.md section 21). */
export function namespaces(core: Core) {
  const { db } = core.database

  /** Two that are given one name at once both find it free; the unique index has the last word. */
  async function refusingTwins<T>(name: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw isTaken(error) ? taken(name, error) : error
    }
  }

  return {
    /** @throws Failure `forbidden` (reason `role`); `not-found` for an unknown marker */
    async list(actor: Actor, listing: NamespaceListing): Promise<ListedNamespace[]> {
      demandReader(actor)
      let query = selectNamespaces(db)
      if (!actor.superAdmin)
        query = query.where((is) =>
          is.or([
            is('metadef_namespaces.visibility', '=', 'public'),
            is('metadef_namespaces.owner_id', 'in', [...ownProjects(actor), 0]),
          ]),
        )
      const { visibility, resourceTypes, marker, limit } = listing
      if (visibility !== undefined) query = query.where('metadef_namespaces.visibility', '=', visibility)
      if (resourceTypes !== undefined)
        query = query.where('metadef_namespaces.id', 'in', (select) =>
          select
            .selectFrom('metadef_entries')
            .select('namespace_id')
            .where('kind', '=', 'association')
            .where('name', 'in', [...resourceTypes]),
        )
      if (marker !== undefined) {
        const { id, name, createdAt, updatedAt } = await findNamespace(db, actor, marker)
        const place = { id, name, created_at: createdAt, updated_at: updatedAt }
        query = query.where(behind('metadef_namespaces', listing, place))
      }
      const rows = await query.orderBy(inOrder('metadef_namespaces', listing)).limit(limit).execute()
      const found = rows.map(toNamespace)
      const associations = await associationsOf(
        db,
        found.map(({ id }) => id),
      )
      return found.map((namespace) => ({ ...namespace, associations: associations.get(namespace.id) ?? [] }))
    },

    /** @throws Failure `not-found` */
    async view(actor: Actor, name: string): Promise<{ namespace: Namespace; contents: Contents }> {
      const namespace = await findNamespace(db, actor, name)
      return { namespace, contents: await contentsOf(db, namespace.id) }
    },

    /** With everything in it, or not at all. @throws Failure `forbidden` (reason `role`), `invalid`, `conflict`, `quota` */
    async create(
      actor: Actor,
      draft: NamespaceDraft,
      contents: ContentsDraft = {},
    ): Promise<{ namespace: Namespace; contents: Contents }> {
      demandDirectory(actor)
      demandSound(draft)
      const { ownerId = actor.projectId } = draft
      return refusingTwins(draft.name, () =>
        core.database.transaction(async (trx) => {
          await demandFree(trx, draft.name)
          await demandFew(trx)
          const at = now()
          const { id } = await trx
            .insertInto('metadef_namespaces')
            .values({ ...rowOf(draft), owner_id: ownerId, created_at: at, updated_at: at })
            .returning('id')
            .executeTakeFirstOrThrow()
          for (const kind of kinds) await insertEntries(trx, id, kind, contents[kind] ?? [])
          const names = kinds.map((kind) => [kind, (contents[kind] ?? []).map(({ name }) => name)])
          await record(trx, actor, {
            action: 'create',
            kind: 'metadef-namespace',
            id: draft.name,
            after: { ...factsOf(draft), ownerId, ...Object.fromEntries(names) },
          })
          return {
            namespace: await findNamespace(trx, actor, draft.name),
            contents: await contentsOf(trx, id),
          }
        }),
      )
    },

    /** Gives it other facts, its name among them; what is in it stays. @throws Failure also `not-found` */
    async change(actor: Actor, name: string, draft: NamespaceDraft): Promise<Namespace> {
      return refusingTwins(draft.name, () =>
        changing(core, actor, name, async (trx, before) => {
          demandSound(draft)
          if (draft.name !== name) await demandFree(trx, draft.name)
          const { ownerId = before.owner?.id ?? null } = draft
          await trx
            .updateTable('metadef_namespaces')
            .set({ ...rowOf(draft), owner_id: ownerId, updated_at: now() })
            .where('id', '=', before.id)
            .execute()
          await record(trx, actor, {
            action: 'update',
            kind: 'metadef-namespace',
            id: name,
            ...difference(
              { ...factsOf(before), ownerId: before.owner?.id ?? null },
              { ...factsOf(draft), ownerId },
            ),
          })
          return findNamespace(trx, actor, draft.name)
        }),
      )
    },

    /** With everything in it. @throws Failure `forbidden` (reasons `role`, `protected`), `not-found` */
    async remove(actor: Actor, name: string): Promise<void> {
      await changing(core, actor, name, async (trx, before) => {
        demandUnprotected(before)
        await trx.deleteFrom('metadef_namespaces').where('id', '=', before.id).execute()
        await record(trx, actor, {
          action: 'delete',
          kind: 'metadef-namespace',
          id: name,
          before: { ...factsOf(before), ownerId: before.owner?.id ?? null },
        })
      })
    },
  }
}

function factsOf({ name, displayName, description, visibility, protected: isProtected }: NamespaceFacts) {
  return { name, displayName, description, visibility, protected: isProtected }
}

function rowOf({ name, displayName, description, visibility, protected: isProtected }: NamespaceFacts) {
  return {
    name,
    display_name: displayName,
    description,
    visibility,
    protected: isProtected ? (1 as const) : (0 as const),
  }
}

/** @throws Failure `invalid` with `detail.fields` */
function demandSound({ name, displayName, description }: NamespaceFacts): void {
  const { complain, demandNone } = violations()
  demandName('namespace', name, complain)
  demandShort('display_name', displayName, lengths.displayName, complain)
  demandShort('description', description, lengths.description, complain)
  demandNone('namespace')
}

async function demandFree(trx: Trx, name: string): Promise<void> {
  const twin = await trx
    .selectFrom('metadef_namespaces')
    .select('id')
    .where('name', '=', name)
    .executeTakeFirst()
  if (twin) throw taken(name)
}

async function demandFew(trx: Trx): Promise<void> {
  const { total } = await trx
    .selectFrom('metadef_namespaces')
    .select((select) => select.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow()
  if (Number(total) >= most)
    throw new Failure('quota', `There are at most ${most} metadata namespaces.`, { reason: 'metadefs' })
}

function taken(name: string, cause?: unknown): Failure {
  return new Failure(
    'conflict',
    `There is a metadata namespace ${name} already.`,
    { subject: 'metadef-namespace', id: name, reason: 'exists' },
    { cause },
  )
}
