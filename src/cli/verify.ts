import type { Command } from 'commander'
import type { WireTask, WireVerified } from '../faces/console/wire.ts'
import type { Context } from './context.ts'
import { CliError } from './errors.ts'
import { waitFor } from './wait.ts'

export function verifyCommand(program: Command, context: Context): void {
  program
    .command('verify')
    .description('read all stored bytes again and compare them with their digests')
    .option('--no-wait', 'begin it only')
    .action(async ({ wait }: { wait: boolean }) => {
      const task = await context.client().send<WireTask>('POST', '/verify')
      if (!wait) {
        context.print(task, () => task.id)
        return
      }
      const done = await waitFor(context, task.id, 'verify', 'count')
      const { checked, problems } = done.result as WireVerified
      context.print({ checked, problems }, () => `${checked} ${checked === 1 ? 'blob' : 'blobs'} checked`)
      if (problems.length > 0) throw new CliError([`${problems.length} damaged:`, ...problems].join('\n  '))
    })
}
