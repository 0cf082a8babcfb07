import { isFailure } from '../catalogue/failure.ts'
import { danubeVersion } from '../catalogue/tasks/danube-status.ts'
import type { Kind } from './kind.ts'

/** For connecting, sending and the head of the answer together, redirects included. */
const timeoutMs = 10_000

/**
 * Tells whoever asked to be told that a task has ended (danube.md 2.8). There is one attempt; only when the process dies
 * before its outcome is written down is there another. The body goes with every method, as it does at Danube.
 */
export const callback: Kind = {
  name: 'callback',

  async run({ task, signal }, { catalogue, outbound }) {
    const message = await catalogue.callbacks.message(task)
    if (!message) return { sent: false }
    const { url, method } = message.callback
    const headers = { 'user-agent': `DanubeCloud/${danubeVersion}`, 'content-type': 'application/json' }
    const body = JSON.stringify(message.body)
    const { status } = await outbound
      .send(url, { method, headers, body, timeoutMs, signal })
      .catch(async (error) => {
        // A process that stops has not made its attempt; whoever takes the task over makes it.
        if (isFailure(error) && error.code !== 'interrupted')
          await catalogue.callbacks.sent(task, message.callback, { problem: error.message })
        throw error
      })
    await catalogue.callbacks.sent(task, message.callback, { status })
    return { sent: true, status }
  },
}
