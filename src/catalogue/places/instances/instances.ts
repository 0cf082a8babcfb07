import { randomUUID } from 'node:crypto'
import { demandDirectory, permitted } from '../../access.ts'
import type { Actor } from '../../actor.ts'
import { difference, record } from '../../audit.ts'
import type { Core, Query, Trx } from '../../core.ts'
import { Failure } from '../../failure.ts'
import { fold } from '../../fold.ts'
import { normaliseUuid } from '../../images/find.ts'
import type { Ostype } from '../../manifests/ostype.ts'
import { logDetail, logDone } from '../../tasks/log.ts'
import { now } from '../../time.ts'
import {
  type Definition,
  findInstance,
  type Instance,
  instanceNamed,
  instanceNotFound,
  notOperational,
  selectInstances,
  toInstance,
  visibleInstances,
  workOnInstance,
} from './instance.ts'
import type { LiveResources } from './live.ts'

export type { Instance } from './instance.ts'

/** What one says of an instance that no compute resource reports. */
export type InstanceDraft = {
  readonly hostname: string
  readonly alias?: string
  /** Only administrators may choose it: a known one is what images refer to. */
  readonly uuid?: string
  readonly ownerId?: number
  readonly node?: string | null
  readonly ostype?: Ostype
  readonly vcpus: number
  /** MB. */
  readonly ram: number
  readonly ips?: readonly string[]
}
export type InstancePatch = Partial<Omit<InstanceDraft, 'uuid'>>

export function instances(core: Core, live: LiveResources) {
  const { database } = core

  return {
    /** @throws Failure `not-found` when absent, or of a project the actor has no part in. */
    async view(actor: Actor, uuid: string): Promise<Instance> {
      await live.observe()
      const instance = await findInstance(database.db, uuid)
      if (!instance || !permitted(actor, 'image.view', instance.projectId)) throw instanceNotFound(uuid)
      return instance
    },

    /** Those of a project that the actor may see, by hostname. */
    async list(actor: Actor, projectId: number, descending = false): Promise<Instance[]> {
      await live.observe()
      const direction = descending ? 'desc' : 'asc'
      const rows = await selectInstances(database.db)
        .where(visibleInstances(actor, projectId))
        .orderBy('instances.hostname_fold', direction)
        .orderBy('instances.uuid', direction)
        .execute()
      return rows.map(toInstance)
    },

    /** By uuid or hostname. @throws Failure `not-found`, also for somebody else's. */
    async named(actor: Actor, projectId: number, name: string): Promise<Instance> {
      await live.observe()
      return instanceNamed(database.db, actor, projectId, name)
    },

    /** @throws Failure `forbidden` (reason `permission`), `conflict` (reason `exists`): what a definition begins with. */
    async demandNew(actor: Actor, projectId: number, hostname: string): Promise<void> {
      demandManager(actor, projectId)
      await live.observe()
      await demandFree(database.db, projectId, hostname, null)
    },

    /** @throws Failure `forbidden` (reason `permission`), `not-found`: what its change begins with. */
    async demandManaged(actor: Actor, projectId: number, name: string): Promise<void> {
      demandManager(actor, projectId)
      await live.observe()
      await instanceNamed(database.db, actor, projectId, name)
    },

    /**
     * Enters an instance that nothing runs yet.
     * @throws Failure `forbidden` (reason `permission`), `conflict` (reason `exists`), `invalid` with `fields`
     */
    async define(actor: Actor, projectId: number, draft: InstanceDraft): Promise<Instance> {
      demandManager(actor, projectId)
      return database.transaction(async (trx) => {
        if (draft.uuid !== undefined) demandDirectory(actor)
        const uuid = draft.uuid ?? randomUUID()
        await claimNames(trx, core, projectId)
        await demandFree(trx, projectId, draft.hostname, null)
        if (await findInstance(trx, uuid)) throw exists(uuid)
        const at = now()
        const { alias, vcpus, ram } = draft
        const definition: Definition = { ...(alias === undefined ? {} : { alias }), vcpus, ram }
        const location = await trx
          .selectFrom('locations')
          .select('id')
          .where('is_default', '=', 1)
          .executeTakeFirst()
        await demandKnownNode(trx, draft.node)
        const entered = await trx
          .insertInto('instances')
          .values({
            uuid,
            hostname: draft.hostname,
            hostname_fold: fold(draft.hostname),
            project_id: projectId,
            owner_user_id: draft.ownerId ?? actor.userId,
            compute_resource_id: null,
            location_id: location?.id ?? null,
            node: draft.node ?? null,
            status: 'notcreated',
            ostype: draft.ostype ?? 1,
            ips_json: JSON.stringify(draft.ips ?? []),
            definition_json: JSON.stringify(definition),
            created_at: at,
            updated_at: at,
          })
          .onConflict((conflict) => conflict.column('uuid').doNothing())
          .returning('uuid')
          .executeTakeFirst()
        if (!entered) throw exists(uuid)
        const instance = (await findInstance(trx, uuid))!
        await record(trx, actor, { action: 'create', kind: 'instance', id: uuid, after: instance })
        const detail = logDetail({ hostname: draft.hostname, ...definition, ostype: instance.ostype })
        await logDone(trx, actor, workOnInstance(instance, 'Create server definition', detail))
        return instance
      })
    },

    /**
     * Changes what is given. Of a live instance the hypervisor says what it runs with and where; how it is called here,
     * whose it is and what runs in it can be said of any.
     * @throws Failure as `define`, and `not-found`, `state`
     */
    async redefine(actor: Actor, projectId: number, name: string, patch: InstancePatch): Promise<Instance> {
      demandManager(actor, projectId)
      await live.observe()
      return database.transaction(async (trx) => {
        const before = await instanceNamed(trx, actor, projectId, name)
        const { hostname, alias, vcpus, ram, node } = patch
        if (before.live && [hostname, vcpus, ram, node].some((value) => value !== undefined))
          throw notOperational(before.uuid, before.status)
        if (hostname !== undefined) {
          await claimNames(trx, core, projectId)
          await demandFree(trx, projectId, hostname, before.uuid)
        }
        await demandKnownNode(trx, node)
        const row = await trx
          .selectFrom('instances')
          .select('definition_json')
          .where('uuid', '=', before.uuid)
          .executeTakeFirstOrThrow()
        const said = Object.entries({ alias, vcpus, ram }).filter(([, value]) => value !== undefined)
        const definition: Definition = { ...JSON.parse(row.definition_json), ...Object.fromEntries(said) }
        await trx
          .updateTable('instances')
          .set({
            ...(hostname === undefined ? {} : { hostname, hostname_fold: fold(hostname) }),
            ...(node === undefined ? {} : { node }),
            ...(patch.ownerId === undefined ? {} : { owner_user_id: patch.ownerId }),
            ...(patch.ostype === undefined ? {} : { ostype: patch.ostype }),
            ...(patch.ips === undefined ? {} : { ips_json: JSON.stringify(patch.ips) }),
            definition_json: JSON.stringify(definition),
            updated_at: now(),
          })
          .where('uuid', '=', before.uuid)
          .execute()
        const after = (await findInstance(trx, before.uuid))!
        await record(trx, actor, {
          action: 'update',
          kind: 'instance',
          id: before.uuid,
          ...difference<object>(before, after),
        })
        const detail = logDetail({ hostname, alias, vcpus, ram, node, ostype: patch.ostype, ips: patch.ips })
        await logDone(trx, actor, workOnInstance(after, 'Update server definition', detail))
        return after
      })
    },

    /**
     * Forgets an instance that does not run. The disk files of records are never touched.
     * @throws Failure `forbidden` (reason `permission`), `not-found`, `state`
     */
    async undefine(actor: Actor, projectId: number, name: string): Promise<void> {
      demandManager(actor, projectId)
      await live.observe()
      await database.transaction(async (trx) => {
        const instance = await instanceNamed(trx, actor, projectId, name)
        const { uuid, status } = instance
        const busy = await trx
          .selectFrom('snapshots')
          .select('id')
          .where('instance_uuid', '=', uuid)
          .where('status', 'in', ['pending', 'rollback'])
          .limit(1)
          .executeTakeFirst()
        if (instance.live || busy || (status !== 'notcreated' && status !== 'stopped'))
          throw notOperational(uuid, status)
        await trx.deleteFrom('instances').where('uuid', '=', uuid).execute()
        await record(trx, actor, { action: 'delete', kind: 'instance', id: uuid, before: instance })
        await logDone(trx, actor, workOnInstance(instance, 'Delete server definition', ''))
      })
    },

    /**
     * Enters or renames an instance that no live compute resource reports.
     * @throws Failure `forbidden`; `invalid` with `fields` `name`, `client` or `region`.
     */
    async register(
      actor: Actor,
      uuid: string,
      facts: { hostname: string; projectId: number; region: string },
    ): Promise<Instance> {
      demandDirectory(actor)
      const normal = normaliseUuid(uuid)
      if (normal === null) throw instanceNotFound(uuid)
      return database.transaction(async (trx) => {
        const project = await trx
          .selectFrom('projects')
          .select('id')
          .where('id', '=', facts.projectId)
          .executeTakeFirst()
        const location = await trx
          .selectFrom('locations')
          .select('id')
          .where('name', '=', facts.region)
          .executeTakeFirst()
        if (!project) throw invalidField('client', 'Client does not exist')
        if (!location) throw invalidField('region', `"${facts.region}" is not a valid choice.`)
        const before = await findInstance(trx, normal)
        const at = now()
        const change = {
          hostname: facts.hostname,
          hostname_fold: fold(facts.hostname),
          project_id: facts.projectId,
          location_id: location.id,
          // What somebody said of it is kept, also where a compute resource found it first.
          discovered: 0,
          updated_at: at,
        } as const
        if (before) await trx.updateTable('instances').set(change).where('uuid', '=', normal).execute()
        else
          await trx
            .insertInto('instances')
            .values({
              ...change,
              uuid: normal,
              owner_user_id: null,
              compute_resource_id: null,
              node: null,
              status: 'stopped',
              ostype: 1,
              ips_json: '[]',
              definition_json: '{}',
              created_at: at,
            })
            .execute()
        const after = (await findInstance(trx, normal))!
        await record(trx, actor, {
          action: before ? 'update' : 'create',
          kind: 'instance',
          id: normal,
          ...(before ? { before } : {}),
          after,
        })
        return after
      })
    },

    /** @throws Failure `forbidden`, `not-found`. */
    async remove(actor: Actor, uuid: string): Promise<void> {
      demandDirectory(actor)
      await database.transaction(async (trx) => {
        const before = await findInstance(trx, uuid)
        if (!before) throw instanceNotFound(uuid)
        await trx.deleteFrom('instances').where('uuid', '=', before.uuid).execute()
        await record(trx, actor, { action: 'delete', kind: 'instance', id: before.uuid, before })
      })
    },
  }
}

/** @throws Failure `forbidden` (reason `permission`) */
export function demandManager(actor: Actor, projectId: number): void {
  if (permitted(actor, 'instance.manage', projectId)) return
  throw new Failure('forbidden', 'Your role does not allow this.', {
    reason: 'permission',
    id: 'instance.manage',
  })
}

/** Of two that give a name in one project at once, the second one waits here and then finds it taken. */
async function claimNames(trx: Trx, { database }: Core, projectId: number): Promise<void> {
  if (database.engine === 'postgres')
    await trx.selectFrom('projects').select('id').where('id', '=', projectId).forNoKeyUpdate().execute()
}

/** @throws Failure `conflict` (reason `exists`) */
async function demandFree(
  query: Query,
  projectId: number,
  hostname: string,
  except: string | null,
): Promise<void> {
  const twin = await query
    .selectFrom('instances')
    .select('uuid')
    .where('project_id', '=', projectId)
    .where('hostname_fold', '=', fold(hostname))
    .where('uuid', '<>', except ?? '')
    .limit(1)
    .executeTakeFirst()
  if (twin) throw exists(hostname)
}

function exists(id: string): Failure {
  return new Failure('conflict', `There is an instance ${id} already.`, {
    subject: 'instance',
    id,
    reason: 'exists',
  })
}

/** @throws Failure `invalid` (field `node`) */
async function demandKnownNode(query: Query, hostname: string | null | undefined): Promise<void> {
  if (hostname === null || hostname === undefined) return
  const known = await query
    .selectFrom('nodes')
    .select('hostname')
    .where('hostname', '=', hostname)
    .executeTakeFirst()
  if (!known) throw invalidField('node', `Object with hostname=${hostname} does not exist.`)
}

function invalidField(field: string, message: string): Failure {
  return new Failure('invalid', message, { subject: 'instance', fields: { [field]: [message] } })
}
