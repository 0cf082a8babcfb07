import type { Selectable } from 'kysely'
import type { InstancesTable } from '../../database/schema.ts'
import { demandDirectory, permitted } from '../access.ts'
import type { Actor } from '../actor.ts'
import { record } from '../audit.ts'
import type { Core, Query } from '../core.ts'
import { Failure } from '../failure.ts'
import { fold } from '../fold.ts'
import { normaliseUuid } from '../images/find.ts'
import { now } from '../time.ts'

/** A virtual machine that images can be made from. */
export type Instance = {
  readonly uuid: string
  readonly hostname: string
  readonly projectId: number
  readonly region: string
  readonly status: string
}

export function instances(core: Core) {
  const { database } = core

  async function find(
    query: Query,
    uuid: string,
  ): Promise<(Selectable<InstancesTable> & { region: string | null }) | undefined> {
    return query
      .selectFrom('instances')
      .leftJoin('locations', 'locations.id', 'instances.location_id')
      .selectAll('instances')
      .select('locations.name as region')
      .where('instances.uuid', '=', normaliseUuid(uuid) ?? '')
      .executeTakeFirst()
  }

  const toInstance = (row: Selectable<InstancesTable> & { region: string | null }): Instance => ({
    uuid: row.uuid,
    hostname: row.hostname,
    projectId: row.project_id,
    region: row.region ?? '',
    status: row.status,
  })

  return {
    /** @throws Failure `not-found` when absent, or of a project the actor has no part in. */
    async view(actor: Actor, uuid: string): Promise<Instance> {
      const row = await find(database.db, uuid)
      if (!row || !permitted(actor, 'image.view', row.project_id)) throw instanceNotFound(uuid)
      return toInstance(row)
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
        const before = await find(trx, normal)
        const at = now()
        const change = {
          hostname: facts.hostname,
          hostname_fold: fold(facts.hostname),
          project_id: facts.projectId,
          location_id: location.id,
          updated_at: at,
        }
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
        const after = toInstance((await find(trx, normal))!)
        await record(trx, actor, {
          action: before ? 'update' : 'create',
          kind: 'instance',
          id: normal,
          ...(before ? { before: toInstance(before) } : {}),
          after,
        })
        return after
      })
    },

    /** @throws Failure `forbidden`, `not-found`. */
    async remove(actor: Actor, uuid: string): Promise<void> {
      demandDirectory(actor)
      await database.transaction(async (trx) => {
        const row = await find(trx, uuid)
        if (!row) throw instanceNotFound(uuid)
        await trx.deleteFrom('instances').where('uuid', '=', row.uuid).execute()
        await record(trx, actor, {
          action: 'delete',
          kind: 'instance',
          id: row.uuid,
          before: toInstance(row),
        })
      })
    },
  }
}

function instanceNotFound(uuid: string): Failure {
  return new Failure('not-found', `No instance found with ID ${uuid}`, { subject: 'instance', id: uuid })
}

function invalidField(field: string, message: string): Failure {
  return new Failure('invalid', message, { subject: 'instance', fields: { [field]: [message] } })
}
