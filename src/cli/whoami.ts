import type { Command } from 'commander'
import type { WireWhoami } from '../faces/console/wire.ts'
import type { Context } from './context.ts'
import { facts } from './text.ts'

export function whoamiCommand(program: Command, context: Context): void {
  program
    .command('whoami')
    .description('show which server answers, and as whom')
    .action(async () => {
      const client = context.client()
      const who = await client.get<WireWhoami>('/whoami')
      context.print({ ...who, url: client.url }, () =>
        facts([
          ['server', client.url],
          ['version', who.version],
          ['user', who.username],
          ['super admin', who.superAdmin],
          ['project', who.project],
          ['roles', who.roles.map(({ project, role }) => `${project}:${role}`).join(', ')],
        ]),
      )
    })
}
