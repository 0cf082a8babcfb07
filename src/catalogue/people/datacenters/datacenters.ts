import { randomUUID } from 'node:crypto'
import { demandPermission } from '../../access.ts'
import type { Actor } from '../../actor.ts'
import { difference, record } from '../../audit.ts'
import type { Core, Query, Trx } from '../../core.ts'
import { Failure } from '../../failure.ts'
import { fold } from '../../fold.ts'
import { mainProjectId } from '../../images/cleanup.ts'
import { logDetail, logDone } from '../../tasks/log.ts'
import { now } from '../../time.ts'
import { isTaken } from '../name-taken.ts'
import {
  type Datacenter,
  datacenterNamed,
  datacentersOf,
  findDatacenter,
  type OrderTerm,
  visibleDatacenters,
} from './datacenter.ts'
import { changeOwner } from './ownership.ts'
import { releaseProject } from './release.ts'

export type DatacenterFacts = {
  readonly label: string
  readonly site: string
  /** A user's id. */
  readonly ownerId: number | null
  readonly access: 'public' | 'private'
  readonly description: string
}

const columns = { name: 'projects.name', created: 'projects.created_at' } as const

/** Projects as Danube manages them (danube.md 4.3). Administrators write them. */
export function datacenters(core: Core, changed: () => void) {
  const { database } = core

  function ordered(actor: Actor, order: readonly OrderTerm[]) {
    let all = visibleDatacenters(database.db, actor)
    for (const { field, descending } of order) {
      if (field === 'name' || field === 'created')
        all = all.orderBy(columns[field], descending ? 'desc' : 'asc')
    }
    return all.orderBy('projects.id')
  }

  return {
    /** What a name stands for, no more. @throws Failure `not-found` when absent, or nothing to the actor. */
    find: (actor: Actor, name: string) => datacenterNamed(database.db, actor, name),

    async isVisible(actor: Actor, name: string): Promise<boolean> {
      const row = await visibleDatacenters(database.db, actor)
        .select('projects.id')
        .where('projects.name', '=', name)
        .executeTakeFirst()
      return row !== undefined
    },

    /** Names of those the actor may see. @param order terms of `name` and `created` */
    async names(actor: Actor, order: readonly OrderTerm[]): Promise<string[]> {
      const rows = await ordered(actor, order).select('projects.name').execute()
      return rows.map((row) => row.name)
    },

    /** Groups and, if extended, counters are told to administrators only. */
    list(actor: Actor, order: readonly OrderTerm[], extended: boolean): Promise<Datacenter[]> {
      return datacentersOf(database.db, actor, ordered(actor, order), { extended })
    },

    /** @throws Failure `not-found`. */
    view(actor: Actor, name: string, extended = false): Promise<Datacenter> {
      return findDatacenter(database.db, actor, name, extended)
    },

    /**
     * Whether it may be made, before anything is said of it.
     * @throws Failure `forbidden` (reason `permission`), `conflict` (reason `exists`).
     */
    async demandFree(actor: Actor, name: string): Promise<void> {
      demandPermission(actor, 'manage-directory')
      await demandFree(database.db, name)
    },

    /** The one that is to be changed. @throws Failure `forbidden` (reason `permission`), `not-found`. */
    async forChange(actor: Actor, name: string): Promise<Datacenter> {
      demandPermission(actor, 'manage-directory')
      return findDatacenter(database.db, actor, name)
    },

    /** @throws Failure `forbidden`, `conflict` (reason `exists`), `invalid` (field `owner`). */
    async create(actor: Actor, name: string, facts: DatacenterFacts): Promise<Datacenter> {
      demandPermission(actor, 'manage-directory')
      const made = await database
        .transaction(async (trx) => {
          await demandFree(trx, name)
          await demandOwner(trx, facts.ownerId)
          const at = now()
          const { id } = await trx
            .insertInto('projects')
            .values({
              ...columnsOf(facts),
              uuid: randomUUID(),
              name,
              name_fold: fold(name),
              enabled: 1,
              parent_id: null,
              owner_user_id: null,
              settings_json: '{}',
              created_at: at,
              updated_at: at,
            })
            .returning('id')
            .executeTakeFirstOrThrow()
          await changeOwner(trx, id, facts.ownerId)
          await record(trx, actor, { action: 'create', kind: 'project', id: name, after: { id, ...facts } })
          const datacenter = await findDatacenter(trx, actor, name)
          await log(trx, actor, 'Create datacenter', datacenter, shown(facts, datacenter))
          return datacenter
        })
        .catch((error) => {
          throw isTaken(error) ? nameTaken(name) : error
        })
      changed()
      return made
    },

    /** Changes what is given. @throws Failure `forbidden`, `not-found`, `invalid` (field `owner`). */
    async change(actor: Actor, name: string, patch: Partial<DatacenterFacts>): Promise<Datacenter> {
      demandPermission(actor, 'manage-directory')
      const datacenter = await database.transaction(async (trx) => {
        const { id } = await lock(trx, core, actor, name)
        const before = await factsOf(trx, id)
        const facts = { ...before, ...patch }
        const sides = difference<DatacenterFacts>(before, facts)
        if (Object.keys(sides.after).length > 0) {
          if (sides.after.ownerId !== undefined) {
            await demandOwner(trx, facts.ownerId)
            await changeOwner(trx, id, facts.ownerId)
          }
          await trx
            .updateTable('projects')
            .set({ ...columnsOf(facts), updated_at: now() })
            .where('id', '=', id)
            .execute()
          await record(trx, actor, { action: 'update', kind: 'project', id: name, ...sides })
        }
        const after = await findDatacenter(trx, actor, name)
        await log(trx, actor, 'Update datacenter', after, shown(sides.after, after))
        return after
      })
      changed()
      return datacenter
    },

    /**
     * What it holds has to be gone before.
     * @throws Failure `forbidden`, `not-found`; `conflict` with the reason `built-in`, `nodes`, `instances`, `images` or
     * `nested`.
     */
    async remove(actor: Actor, name: string): Promise<Datacenter> {
      demandPermission(actor, 'manage-directory')
      const datacenter = await database.transaction(async (trx) => {
        await lock(trx, core, actor, name)
        const before = await findDatacenter(trx, actor, name)
        await demandEmpty(trx, before)
        await releaseProject(trx, before.id)
        await trx.deleteFrom('projects').where('id', '=', before.id).execute()
        await record(trx, actor, { action: 'delete', kind: 'project', id: before.name, before })
        await log(trx, actor, 'Delete datacenter', before, {})
        return before
      })
      changed()
      return datacenter
    },
  }
}

/** So that nothing is decided by what another request is changing. */
async function lock(trx: Trx, core: Core, actor: Actor, name: string): Promise<{ id: number }> {
  const found = await datacenterNamed(trx, actor, name)
  if (core.database.engine === 'postgres')
    await trx.selectFrom('projects').select('id').where('id', '=', found.id).forUpdate().execute()
  return found
}

async function factsOf(trx: Trx, id: number): Promise<DatacenterFacts> {
  const row = await trx
    .selectFrom('projects')
    .select(['label', 'site', 'owner_user_id', 'access', 'description'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  const { owner_user_id: ownerId, ...facts } = row
  return { ...facts, ownerId }
}

function columnsOf({ label, site, access, description }: DatacenterFacts) {
  return { label, site, access, description }
}

async function demandFree(query: Query, name: string): Promise<void> {
  const twin = await query
    .selectFrom('projects')
    .select('id')
    .where('name_fold', '=', fold(name))
    .executeTakeFirst()
  if (twin) throw nameTaken(name)
}

function nameTaken(name: string): Failure {
  return new Failure('conflict', `The datacenter "${name}" exists already.`, {
    subject: 'project',
    id: name,
    reason: 'exists',
  })
}

async function demandOwner(trx: Trx, id: number | null): Promise<void> {
  if (id === null) return
  if (await trx.selectFrom('users').select('id').where('id', '=', id).executeTakeFirst()) return
  throw new Failure('invalid', `There is no user ${id}.`, {
    subject: 'project',
    fields: { owner: ['There is no such user.'] },
  })
}

/** @throws Failure `conflict` */
async function demandEmpty(trx: Trx, { id, name }: Datacenter): Promise<void> {
  const refuse = (reason: string, by: string) =>
    new Failure('conflict', `The datacenter ${name} ${by}.`, { subject: 'project', id: name, reason })
  if (id === mainProjectId) throw refuse('built-in', 'is the default one')
  const instances = trx.selectFrom('instances').select('uuid').where('project_id', '=', id).limit(1)
  if (await instances.where('node', 'is not', null).executeTakeFirst()) throw refuse('nodes', 'has nodes')
  if (await instances.executeTakeFirst()) throw refuse('instances', 'has VMs')
  const image = await trx
    .selectFrom('images')
    .select('seq')
    .where('owner_id', '=', id)
    .where('deleted', '=', 0)
    .limit(1)
    .executeTakeFirst()
  if (image) throw refuse('images', 'has images')
  const child = await trx.selectFrom('projects').select('id').where('parent_id', '=', id).limit(1).execute()
  if (child.length > 0) throw refuse('nested', 'has nested datacenters')
}

/** Facts in the words of the task log. */
function shown(facts: Partial<DatacenterFacts>, { owner }: Datacenter): Record<string, unknown> {
  return {
    alias: facts.label,
    site: facts.site,
    owner: facts.ownerId === undefined ? undefined : (owner?.username ?? null),
    access: facts.access === undefined ? undefined : facts.access === 'public' ? 1 : 3,
    desc: facts.description,
  }
}

/** Told in `main`, where administrators look: what is told in a datacenter would vanish with it. */
async function log(
  trx: Trx,
  actor: Actor,
  message: string,
  { id, name, label, owner }: Datacenter,
  facts: Record<string, unknown>,
): Promise<void> {
  await logDone(trx, actor, {
    message,
    detail: logDetail(facts),
    object: { type: 'dc', id, name, alias: label, ownerUserId: owner?.id ?? null },
    projectId: mainProjectId,
    bound: false,
  })
}
