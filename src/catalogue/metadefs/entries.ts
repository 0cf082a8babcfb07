import type { Actor } from '../actor.ts'
import { difference, record } from '../audit.ts'
import type { Core, Query, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import { now } from '../time.ts'
import { demandSoundEntry, type Entry, type EntryDraft, type Kind, words } from './entry.ts'
import { demandFree, demandRoom, insertEntries, toEntry } from './holding.ts'
import { changing, demandUnprotected, findNamespace, type Namespace } from './namespace.ts'
import { behind, inOrder, type Paging } from './paging.ts'

/**
 * The things of one kind inside of a namespace: whoever sees the namespace sees them, administrators write them. Of a
 * namespace that the actor does not see every operation says Failure `not-found`.
 */
export function entries<K extends Kind>(core: Core, kind: K) {
  const { db } = core.database
  const subject = `metadef-${kind}`

  async function find(query: Query, namespace: Namespace, name: string) {
    const row = await query
      .selectFrom('metadef_entries')
      .selectAll()
      .where('namespace_id', '=', namespace.id)
      .where('kind', '=', kind)
      .where('name', '=', name)
      .executeTakeFirst()
    if (row) return row
    throw new Failure('not-found', `There is no ${words[kind]} ${name} in ${namespace.name}.`, {
      subject,
      id: name,
    })
  }

  async function removeAll(trx: Trx, namespace: Namespace): Promise<string[]> {
    const rows = await trx
      .deleteFrom('metadef_entries')
      .where('namespace_id', '=', namespace.id)
      .where('kind', '=', kind)
      .returning('name')
      .execute()
    return rows.map(({ name }) => name)
  }

  const idOf = (namespace: Namespace, name: string) => `${namespace.name}/${name}`

  return {
    /** Without `paging` all of them, by name. @throws Failure `not-found`, also for an unknown marker */
    async list(actor: Actor, namespaceName: string, paging?: Paging): Promise<Entry<K>[]> {
      const namespace = await findNamespace(db, actor, namespaceName)
      let query = db
        .selectFrom('metadef_entries')
        .selectAll()
        .where('namespace_id', '=', namespace.id)
        .where('kind', '=', kind)
      if (paging === undefined) return (await query.orderBy('name').execute()).map(toEntry<K>)
      if (paging.marker !== undefined)
        query = query.where(behind('metadef_entries', paging, await find(db, namespace, paging.marker)))
      const rows = await query.orderBy(inOrder('metadef_entries', paging)).limit(paging.limit).execute()
      return rows.map(toEntry<K>)
    },

    /** @throws Failure `not-found` */
    async view(actor: Actor, namespaceName: string, name: string): Promise<Entry<K>> {
      const namespace = await findNamespace(db, actor, namespaceName)
      return toEntry(await find(db, namespace, name))
    },

    /** @throws Failure `forbidden` (reason `role`), `not-found`, `invalid`, `conflict`, `quota` */
    async add(actor: Actor, namespaceName: string, draft: EntryDraft<K>): Promise<Entry<K>> {
      return changing(core, actor, namespaceName, async (trx, namespace) => {
        await insertEntries(trx, namespace.id, kind, [draft])
        const id = idOf(namespace, draft.name)
        await record(trx, actor, { action: 'create', kind: subject, id, after: draft.definition })
        return toEntry(await find(trx, namespace, draft.name))
      })
    },

    /**
     * Enters several beside those that are there, or in the place of them, also in a protected namespace.
     * @throws Failure as `add`
     */
    async addAll(
      actor: Actor,
      namespaceName: string,
      drafts: readonly EntryDraft<K>[],
      { append }: { readonly append: boolean },
    ): Promise<void> {
      await changing(core, actor, namespaceName, async (trx, namespace) => {
        const before = append ? undefined : await removeAll(trx, namespace)
        await insertEntries(trx, namespace.id, kind, drafts)
        await record(trx, actor, {
          action: append ? 'add' : 'replace',
          kind: subject,
          id: namespace.name,
          before,
          after: drafts.map(({ name }) => name),
        })
      })
    },

    /** Gives it a definition, and a name. @throws Failure as `add` */
    async change(actor: Actor, namespaceName: string, name: string, draft: EntryDraft<K>): Promise<Entry<K>> {
      return changing(core, actor, namespaceName, async (trx, namespace) => {
        const row = await find(trx, namespace, name)
        demandSoundEntry(kind, draft)
        if (draft.name !== name) await demandFree(trx, namespace.id, kind, [draft.name])
        await trx
          .updateTable('metadef_entries')
          .set({
            name: draft.name,
            definition_json: JSON.stringify(draft.definition),
            updated_at: now(),
          })
          .where('id', '=', row.id)
          .execute()
        await demandRoom(trx, namespace.id)
        const { name: oldName, definition } = toEntry<K>(row)
        await record(trx, actor, {
          action: 'update',
          kind: subject,
          id: idOf(namespace, name),
          ...difference({ name: oldName, definition }, { name: draft.name, definition: draft.definition }),
        })
        return toEntry(await find(trx, namespace, draft.name))
      })
    },

    /** @throws Failure `forbidden` (reasons `role`, `protected`), `not-found` */
    async remove(actor: Actor, namespaceName: string, name: string): Promise<void> {
      await changing(core, actor, namespaceName, async (trx, namespace) => {
        const row = await find(trx, namespace, name)
        demandUnprotected(namespace)
        await trx.deleteFrom('metadef_entries').where('id', '=', row.id).execute()
        await record(trx, actor, {
          action: 'delete',
          kind: subject,
          id: idOf(namespace, name),
          before: toEntry<K>(row).definition,
        })
      })
    },

    /** Removes all of this kind. @throws Failure `forbidden` (reasons `role`, `protected`), `not-found` */
    async clear(actor: Actor, namespaceName: string): Promise<void> {
      await changing(core, actor, namespaceName, async (trx, namespace) => {
        demandUnprotected(namespace)
        const before = await removeAll(trx, namespace)
        await record(trx, actor, { action: 'clear', kind: subject, id: namespace.name, before })
      })
    },
  }
}
