import { demandDirectory } from '../../access.ts'
import type { Actor } from '../../actor.ts'
import { record } from '../../audit.ts'
import type { Core, Query } from '../../core.ts'
import { Failure } from '../../failure.ts'
import { mainProjectId } from '../../images/cleanup.ts'
import { logDone } from '../../tasks/log.ts'
import { now } from '../../time.ts'

/** `unreachable`: the hypervisor did not answer when it was last asked. */
export const nodeStatuses = ['maintenance', 'online', 'unreachable', 'unlicensed'] as const
export type NodeStatus = (typeof nodeStatuses)[number]

/** A machine that instances run on. */
export type Node = { readonly hostname: string; readonly status: NodeStatus; readonly createdAt: number }

/** The machines of all projects are the administrators' affair. */
export function nodes(core: Core) {
  const { database } = core

  async function find(query: Query, hostname: string): Promise<Node> {
    const row = await query
      .selectFrom('nodes')
      .selectAll()
      .where('hostname', '=', hostname)
      .executeTakeFirst()
    if (!row)
      throw new Failure('not-found', `There is no node ${hostname}.`, { subject: 'node', id: hostname })
    return { hostname: row.hostname, status: row.status as NodeStatus, createdAt: row.created_at }
  }

  return {
    /** By name. @throws Failure `forbidden`. */
    async list(actor: Actor): Promise<Node[]> {
      demandDirectory(actor)
      const rows = await database.db.selectFrom('nodes').selectAll().orderBy('hostname').execute()
      return rows.map((row) => ({
        hostname: row.hostname,
        status: row.status as NodeStatus,
        createdAt: row.created_at,
      }))
    },

    /** @throws Failure `forbidden`, `not-found`. */
    async view(actor: Actor, hostname: string): Promise<Node> {
      demandDirectory(actor)
      return find(database.db, hostname)
    },

    /**
     * Takes a node out of service or puts it back.
     * @param detail the change in the words of whoever asked, for the task log
     * @throws Failure `forbidden`, `not-found`.
     */
    async change(
      actor: Actor,
      hostname: string,
      status: 'maintenance' | 'online',
      detail: string,
    ): Promise<Node> {
      demandDirectory(actor)
      return database.transaction(async (trx) => {
        const before = await find(trx, hostname)
        if (before.status === status) return before
        await trx
          .updateTable('nodes')
          .set({ status, updated_at: now() })
          .where('hostname', '=', hostname)
          .execute()
        const sides = { before: { status: before.status }, after: { status } }
        await record(trx, actor, { action: 'update', kind: 'node', id: hostname, ...sides })
        await logDone(trx, actor, {
          message: 'Update node definition',
          detail,
          object: { type: 'node', id: hostname, name: hostname, alias: hostname, ownerUserId: null },
          projectId: mainProjectId,
          bound: false,
        })
        return { ...before, status }
      })
    },
  }
}
