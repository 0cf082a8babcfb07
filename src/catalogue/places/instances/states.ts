import type { Actor } from '../../actor.ts'
import { record } from '../../audit.ts'
import type { Core, Trx } from '../../core.ts'
import { Failure } from '../../failure.ts'
import { enqueue } from '../../tasks/enqueue.ts'
import { logDetail, withProblem } from '../../tasks/log.ts'
import type { Rollback } from '../../tasks/rollback.ts'
import { type Telling, taskChannel } from '../../tasks/task.ts'
import { now } from '../../time.ts'
import {
  demandNode,
  demandStatus,
  findInstance,
  type Instance,
  instanceNamed,
  workOnInstance,
} from './instance.ts'
import type { LiveResources } from './live.ts'

/** Danube's words (danube.md 4.5); while a task changes it a hyphen follows. */
export const instanceStatuses = [
  'stopped',
  'running',
  'stopping',
  'notready',
  'deploying',
  'frozen',
  'notcreated',
  'error',
] as const

export const stateChanges = ['start', 'stop', 'reboot'] as const
export type StateChange = (typeof stateChanges)[number]

/** What the task `instance-state` carries. */
export type StatePayload = {
  readonly instanceUuid: string
  readonly change: StateChange
  /** Without asking the guest. */
  readonly force: boolean
  /** What it goes back to when the work fails. */
  readonly before: string
}

type Rule = {
  readonly from: readonly string[]
  readonly to: string
  readonly message: string
  readonly forced: string
}

/** What is there already is refused, in Danube's words: the status must be one that the change begins at. */
const rules: Readonly<Record<StateChange, Rule>> = {
  start: {
    from: ['stopped', 'notcreated'],
    to: 'running',
    message: 'Start server',
    forced: 'Start server',
  },
  stop: {
    from: ['running', 'stopping', 'frozen'],
    to: 'stopped',
    message: 'Stop server',
    forced: 'Force server stop',
  },
  reboot: {
    from: ['running', 'frozen'],
    to: 'running',
    message: 'Reboot server',
    forced: 'Force server reboot',
  },
}

/** Starting and stopping instances (danube.md 4.5). */
export function instanceStates(core: Core, live: LiveResources) {
  const { database } = core
  return {
    /**
     * Asks for a change of state. Until it is done the status is the old one with a hyphen (danube.md 4.5).
     * @throws Failure `not-found`, `state` (subject `node` or `instance`)
     */
    async begin(
      actor: Actor,
      projectId: number,
      name: string,
      change: StateChange,
      { force, callback, problem }: { readonly force: boolean } & Telling,
    ): Promise<{ instance: Instance; taskId: string }> {
      await live.observe()
      const begun = await database.transaction(async (trx) => {
        const instance = await instanceNamed(trx, actor, projectId, name)
        demandNode(instance)
        const rule = rules[change]
        demandStatus(instance, rule.from)
        const moved = await trx
          .updateTable('instances')
          .set({ status: `${instance.status}-`, updated_at: now() })
          .where('uuid', '=', instance.uuid)
          .where('status', '=', instance.status)
          .executeTakeFirst()
        if (Number(moved.numUpdatedRows) !== 1)
          throw new Failure('conflict', 'The instance was changed by somebody else.', { subject: 'instance' })
        const payload: StatePayload = { instanceUuid: instance.uuid, change, force, before: instance.status }
        await record(trx, actor, { action: change, kind: 'instance', id: instance.uuid, after: { force } })
        const message = force ? rule.forced : rule.message
        const taskId = await enqueue(trx, actor, {
          kind: 'instance-state',
          subject: instance.hostname,
          payload,
          work: workOnInstance(instance, message, withProblem(logDetail({ force }), problem)),
          callback,
        })
        return { instance, taskId }
      })
      await database.notify(taskChannel)
      return begun
    },

    /** @throws Failure `not-found` when it went meanwhile */
    async atWork({ instanceUuid }: StatePayload): Promise<Instance> {
      const instance = await findInstance(database.db, instanceUuid)
      if (instance) return instance
      throw new Failure('not-found', 'The instance is not there any more.', {
        subject: 'instance',
        id: instanceUuid,
      })
    },

    /** The work is done: a record is what was asked for, a live one what its hypervisor will say it is. */
    async settle({ live: isLive }: Instance, payload: StatePayload): Promise<void> {
      await database.transaction((trx) =>
        leave(trx, payload, isLive ? payload.before : rules[payload.change].to),
      )
    },
  }
}

/** The change did not come about. */
export const rollBackState: Rollback = async (trx, _core, _actor, task) => {
  const payload = task.payload as StatePayload
  await leave(trx, payload, payload.before)
  return async () => {}
}

async function leave(trx: Trx, { instanceUuid, before }: StatePayload, status: string): Promise<void> {
  await trx
    .updateTable('instances')
    .set({ status, updated_at: now() })
    .where('uuid', '=', instanceUuid)
    .where('status', '=', `${before}-`)
    .execute()
}
