import { demandPermission } from '../../access.ts'
import type { Actor } from '../../actor.ts'
import { difference, record } from '../../audit.ts'
import type { Core, Query, Trx } from '../../core.ts'
import { Failure } from '../../failure.ts'
import { fold } from '../../fold.ts'
import { changeMembership, membershipOf, membersIn } from '../../people/membership.ts'
import { now } from '../../time.ts'
import { demandKnown, sameIds } from '../associations.ts'
import { assignPlace } from '../compute-resources/assignment.ts'
import { type Listing, page } from '../listing.ts'
import { refusingTwins, taken } from '../violations.ts'
import { below } from '../visibility.ts'
import { linkedTo, linkPlaces } from './links.ts'
import { type PlacedResource, resourcesAt } from './resources.ts'
import { demandNode, type NodeFacts } from './rules.ts'
import {
  searchableLocations,
  searchableOrganizations,
  type TreeName,
  type TreeNode,
  type TreeTable,
  toNode,
  treeNames,
  treeOf,
} from './tree.ts'

/** With what hangs on it. `places` are the locations of an organization, the organizations of a location. */
export type TreeView = TreeNode & {
  readonly users: readonly { readonly id: number; readonly username: string }[]
  readonly computeResources: readonly PlacedResource[]
  readonly places: readonly TreeName[]
}
export type TreePatch = Partial<
  NodeFacts & {
    readonly computeResourceIds: readonly number[]
    readonly userIds: readonly number[]
    /** Of the other tree. */
    readonly placeIds: readonly number[]
  }
>

/** What tells the two trees apart. */
export type TreeKind = {
  readonly table: TreeTable
  readonly subject: 'organization' | 'location'
  /** The nodes that are the actor's own, whose children are its own, too; null: all. */
  own(query: Query, actor: Actor): Promise<readonly number[] | null>
  insert(trx: Trx, facts: { name: string; description: string; parentId: number | null }): Promise<number>
  /** Beside the columns that both have; called when the name changed. */
  renamed(trx: Trx, id: number, name: string): Promise<void>
  /** @throws Failure `conflict` where something still needs it; lets go of what does not count. */
  release(trx: Trx, node: TreeNode): Promise<void>
}

/** Organizations and locations, which differ in little (foreman.md 9.4). Administrators write them. */
export function tree(core: Core, kind: TreeKind, changed: () => void) {
  const { database } = core
  const { table, subject } = kind
  const other: TreeTable = table === 'projects' ? 'locations' : 'projects'
  const searchable = table === 'projects' ? searchableOrganizations : searchableLocations

  async function visible(query: Query, actor: Actor) {
    demandPermission(actor, 'place.view')
    const all = treeOf(query, table)
    const own = await kind.own(query, actor)
    return own === null ? all : all.where('tree.id', 'in', below(table, own) as never)
  }

  async function find(query: Query, actor: Actor, id: number): Promise<TreeNode> {
    const row = Number.isSafeInteger(id)
      ? await (await visible(query, actor)).selectAll().where('tree.id', '=', id).executeTakeFirst()
      : undefined
    if (!row) throw new Failure('not-found', `There is no ${subject} ${id}.`, { subject, id: String(id) })
    return toNode(row)
  }

  async function viewOf(query: Query, actor: Actor, id: number): Promise<TreeView> {
    const node = await find(query, actor, id)
    const places = await linkedTo(query, table, id)
    return {
      ...node,
      users: actor.superAdmin ? await membersIn(query, table, id) : [],
      computeResources: await resourcesAt(query, actor, table, id),
      places: await treeNames(query, other, places),
    }
  }

  /** Writes what is associated with a node; true when anything changed. */
  async function associate(trx: Trx, id: number, patch: TreePatch): Promise<boolean> {
    const assigned = await assignPlace(trx, table, id, patch.computeResourceIds)
    const linked = await linkPlaces(trx, table, id, patch.placeIds)
    return (await assignUsers(trx, id, patch.userIds)) || assigned || linked
  }

  async function assignUsers(trx: Trx, id: number, ids: readonly number[] | undefined): Promise<boolean> {
    if (ids === undefined) return false
    const wanted = await demandKnown(trx, 'users', ids)
    const present = (await membersIn(trx, table, id)).map((user) => user.id)
    if (sameIds(present, wanted)) return false
    const key = table === 'projects' ? 'projectIds' : 'locationIds'
    for (const user of new Set([...present, ...wanted])) {
      const rest = (await membershipOf(trx, user))[key].filter((place) => place !== id)
      await changeMembership(trx, user, { [key]: wanted.includes(user) ? [...rest, id] : rest })
    }
    return true
  }

  return {
    /** Those the actor belongs to and what is below them; administrators all. @throws Failure `forbidden`, `invalid`. */
    async list(actor: Actor, query: Listing): Promise<TreeNode[]> {
      const all = (await visible(database.db, actor)).selectAll()
      return (await page(all, query, searchable, database.engine).execute()).map(toNode)
    },

    async count(actor: Actor, query: Listing): Promise<number> {
      const all = (await visible(database.db, actor)).select((select) =>
        select.fn.countAll<number>().as('total'),
      )
      const { total } = await page(
        all,
        query.filter ? { filter: query.filter } : {},
        searchable,
        database.engine,
      ).executeTakeFirstOrThrow()
      return Number(total)
    },

    /** Users are told to administrators only. @throws Failure `forbidden`, `not-found`. */
    async view(actor: Actor, id: number): Promise<TreeView> {
      return viewOf(database.db, actor, id)
    },

    /** @throws Failure `forbidden`, `invalid` (with `fields`, or reason `association`). */
    async create(actor: Actor, draft: TreePatch): Promise<TreeView> {
      demandPermission(actor, 'manage-directory')
      const view = await refusingTwins(subject, 'name', taken, () =>
        database.transaction(async (trx) => {
          const facts = await demandNode(trx, table, { ...nothing, ...said(draft) }, null)
          const id = await kind.insert(trx, facts)
          await associate(trx, id, draft)
          await record(trx, actor, { action: 'create', kind: subject, id, after: { ...draft, ...facts } })
          return viewOf(trx, actor, id)
        }),
      )
      changed()
      return view
    },

    /** Changes what is given. @throws Failure `forbidden`, `not-found`, `invalid`. */
    async change(actor: Actor, id: number, patch: TreePatch): Promise<TreeView> {
      demandPermission(actor, 'manage-directory')
      const view = await refusingTwins(subject, 'name', taken, () =>
        database.transaction(async (trx) => {
          const node = await find(trx, actor, id)
          const before: NodeFacts = {
            name: node.name,
            description: node.description,
            parentId: node.parentId,
          }
          const wanted = { ...before, ...said(patch) }
          const sides = difference<object>(before, { ...wanted, description: wanted.description ?? '' })
          const differs = Object.keys(sides.after).length > 0
          if (differs) {
            const facts = await demandNode(trx, table, wanted, node)
            await trx
              .updateTable(table)
              .set({
                name: facts.name,
                name_fold: fold(facts.name),
                description: facts.description,
                parent_id: facts.parentId,
                updated_at: now(),
              })
              .where('id', '=', id)
              .execute()
            if (facts.name !== node.name) await kind.renamed(trx, id, facts.name)
          }
          const associated = await associate(trx, id, patch)
          const { computeResourceIds, userIds, placeIds } = patch
          if (differs || associated)
            await record(trx, actor, {
              action: 'update',
              kind: subject,
              id,
              before: sides.before,
              after: { ...sides.after, ...(associated ? { computeResourceIds, userIds, placeIds } : {}) },
            })
          return viewOf(trx, actor, id)
        }),
      )
      changed()
      return view
    },

    /**
     * @throws Failure `forbidden`, `not-found`; `conflict` with the reason `nested` (it has children), `in-use` or
     * `built-in`.
     */
    async remove(actor: Actor, id: number): Promise<TreeNode> {
      demandPermission(actor, 'manage-directory')
      const node = await database.transaction(async (trx) => {
        const found = await find(trx, actor, id)
        const child = await trx.selectFrom(table).select('id').where('parent_id', '=', id).executeTakeFirst()
        if (child) {
          const sentence = `Cannot delete ${found.name} because it has nested ${subject}.`
          throw new Failure('conflict', sentence, { reason: 'nested', fields: { base: [sentence] } })
        }
        await kind.release(trx, found)
        await trx.deleteFrom(table).where('id', '=', id).execute()
        await record(trx, actor, { action: 'delete', kind: subject, id, before: found })
        return found
      })
      changed()
      return node
    },
  }
}

const nothing: NodeFacts = { name: null, description: null, parentId: null }

function said(patch: TreePatch): Partial<NodeFacts> {
  return Object.fromEntries(
    Object.entries(patch)
      .filter(([name, value]) => value !== undefined && Object.hasOwn(nothing, name))
      .map(([name, value]) => [name, typeof value === 'string' ? value.trim() : value]),
  )
}
