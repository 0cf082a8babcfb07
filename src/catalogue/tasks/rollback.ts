import type { Actor } from '../actor.ts'
import type { Core, Trx } from '../core.ts'
import type { Task } from './task.ts'

/**
 * Puts right what unsuccessful work leaves in the catalogue, in the transaction in which its task ends.
 * @returns what is left to do after the commit, such as freeing bytes
 */
export type Rollback = (
  trx: Trx,
  core: Core,
  actor: Actor,
  task: Task,
  reason: string,
) => Promise<() => Promise<void>>
