import { createHash, randomBytes } from 'node:crypto'
import type { Core, Query } from '../core.ts'
import { projectSettings } from '../people/project-settings.ts'
import type { CallbackPayload } from './close.ts'
import { type StatusBody, statusBodyOf } from './danube-status.ts'
import { logDetail, logEnded, remoteFlag } from './log.ts'
import { type Callback, type Task, toTask } from './task.ts'

/** What is sent to whoever asked to be told of the end of a task. */
export type CallbackMessage = {
  readonly callback: Callback
  readonly body: StatusBody & { readonly random_token: string; readonly security_token: string }
}

/** The payload of a task that has done its work. */
type SentPayload = CallbackPayload & { readonly sent?: true }

/** Telling others of the ends of tasks (danube.md 2.8), for the worker that does it. */
export function callbacks(core: Core) {
  const { database, secrets } = core
  return {
    /** The message that the task `teller` has to send; null when it has been sent already, or nobody waits any more. */
    async message(teller: Task): Promise<CallbackMessage | null> {
      const task = await toldOf(database.db, teller)
      if (!task?.callback || (teller.payload as SentPayload).sent) return null
      const random = randomBytes(20).toString('hex')
      return {
        callback: task.callback,
        body: {
          ...statusBodyOf(task),
          random_token: random,
          // MD5 is what the wire demands. The key is the receiver's proof, and never part of the message.
          security_token: createHash('md5')
            .update(random + (await keyOf(task)))
            .digest('hex'),
        },
      }
    },

    /**
     * Keeps what came of the message, and tells it in the task log unless the project wants none of that. From then on
     * the message counts as sent: a process that dies after this does not make another send it again.
     */
    async sent(
      teller: Task,
      { url, method }: Callback,
      outcome: { readonly status: number } | { readonly problem: string },
    ): Promise<void> {
      await database.transaction(async (trx) => {
        const payload: SentPayload = { ...(teller.payload as CallbackPayload), sent: true }
        const kept = await trx
          .updateTable('tasks')
          .set({ payload_json: JSON.stringify(payload) })
          .where('id', '=', teller.id)
          .where('process_id', '=', core.processId)
          .where('state', '=', 'running')
          .executeTakeFirst()
        const task = await toldOf(trx, teller)
        // Taken away meanwhile: whoever has it now sends the message and tells of it.
        if (Number(kept.numUpdatedRows) === 0 || !task) return
        const { logUserCallbacks } = await projectSettings(trx, core, task.projectId)
        if (!logUserCallbacks) return
        const received = 'status' in outcome && outcome.status >= 200 && outcome.status < 300
        const detail = logDetail({
          cb_url: url,
          cb_method: method,
          ...('status' in outcome ? { status: outcome.status } : { error: outcome.problem }),
        })
        await logEnded(trx, task.id, received ? 'succeeded' : 'failed', detail, remoteFlag, 'Send callback')
      })
    },
  }

  /** The callback key of whoever asked for the work; users without one share the empty key. */
  async function keyOf(task: Task): Promise<string> {
    if (task.userId === null) return ''
    const user = await database.db
      .selectFrom('users')
      .select('callback_key')
      .where('id', '=', task.userId)
      .executeTakeFirst()
    return user?.callback_key ? secrets.decrypt(user.callback_key) : ''
  }
}

async function toldOf(query: Query, teller: Task): Promise<Task | undefined> {
  const { taskId } = teller.payload as CallbackPayload
  const row = await query.selectFrom('tasks').selectAll().where('id', '=', taskId).executeTakeFirst()
  return row && toTask(row)
}
