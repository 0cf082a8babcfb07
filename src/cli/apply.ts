import { readFile } from 'node:fs/promises'
import { text as textOf } from 'node:stream/consumers'
import type { Command } from 'commander'
import type { WireApplied } from '../faces/console/wire.ts'
import type { Context } from './context.ts'
import { fileError } from './errors.ts'

export function applyCommand(program: Command, context: Context): void {
  program
    .command('apply')
    .description('send a bootstrap file to the running server: users, projects, …; all of it or nothing')
    .argument('<file>', 'YAML or JSON, or - for standard input')
    .action(async (file: string) => {
      const text = file === '-' ? await textOf(process.stdin) : await readText(file)
      const query = { file: file === '-' ? 'standard input' : file.slice(-255) }
      const answer = await context.client().sendText<WireApplied>('POST', '/apply', text, query)
      context.print(answer, () =>
        answer.applied.length === 0
          ? 'nothing to change'
          : answer.applied.map(({ what, did }) => `${did}  ${what}`).join('\n'),
      )
    })
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw fileError(path, error)
  }
}
