import type { Command } from 'commander'
import type { Context } from './context.ts'
import { CliError, failed, misused } from './errors.ts'
import { progressOn } from './progress.ts'
import { bytes, safe } from './text.ts'
import { version } from './version.ts'

/** Commands that work on the files of this machine's installation instead of asking its server. */
export function offlineCommands(program: Command, context: Context): void {
  program
    .command('backup')
    .description("save database, bytes and key of this machine's installation; the server may run")
    .argument('<directory>', 'an empty one, or an earlier backup to bring up to date')
    .action((directory: string) =>
      refusing(async () => {
        const { backup } = await import('../backup/backup.ts')
        const result = await reporting('backup', (report) =>
          backup(context.settings(), directory, version(), report),
        )
        context.print(result, () =>
          [
            `${contents(result)} in ${safe(result.directory)}`,
            `blobs: ${result.linked} linked, ${result.copied} copied, ${result.reused} there already, ${result.dropped} dropped`,
          ].join('\n'),
        )
        if (!context.json) {
          context.note(
            'The backup contains secret.key, which opens tokens and passwords: keep it where only you can read it.',
          )
          if (result.linked > 0)
            context.note(
              'Linked blobs share their space with the store: take the directory to another disk as well.',
            )
        }
        if (result.missing.length > 0)
          throw new CliError(
            `The store has lost the bytes of ${result.missing.length} blobs: ${result.missing.join(', ')}`,
          )
      }),
    )

  program
    .command('restore')
    .description("bring a backup back as this machine's installation; the server must be stopped")
    .argument('<directory>', 'what the command backup has written')
    .option('--force', 'move what is there aside')
    .action((directory: string, { force = false }: { force?: boolean }) =>
      refusing(async () => {
        const { restore } = await import('../backup/restore.ts')
        const result = await reporting('restore', (report) =>
          restore(context.settings(), directory, force, report),
        )
        context.print(result, () =>
          [
            `${contents(result)} restored to ${safe(result.dataDir)}`,
            `saved ${result.finishedAt} by Imageport ${result.imageport}`,
            ...result.movedAside.map((path) => `moved aside: ${safe(path)}`),
          ].join('\n'),
        )
        if (result.missing.length > 0)
          context.note(
            `The backup never had the bytes of ${result.missing.length} blobs: ${result.missing.join(', ')}`,
          )
      }),
    )

  program
    .command('migrate')
    .description('bring the database up to date without starting the server')
    .action(() =>
      refusing(async () => {
        const { migrateOffline } = await import('../backup/migrate.ts')
        const migrations = await migrateOffline(context.settings())
        context.print({ migrations }, () =>
          migrations.length === 0
            ? 'the database is up to date'
            : migrations.map((name) => `ran ${name}`).join('\n'),
        )
      }),
    )
}

function contents(saved: { images: number; blobs: number; bytes: number }): string {
  const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`
  return `${count(saved.images, 'image')}, ${count(saved.blobs, 'blob')}, ${bytes(saved.bytes)}`
}

async function reporting<T>(
  label: string,
  work: (report: (done: number, total: number) => void) => Promise<T>,
): Promise<T> {
  const progress = progressOn(process.stderr, label)
  try {
    return await work(progress.at)
  } finally {
    progress.stop()
  }
}

/** The server's parts refuse with errors of their own. */
async function refusing(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const { refusalOf } = await import('../backup/refusal.ts')
    const refusal = refusalOf(error)
    if (refusal === null) throw error
    const { message, misuse, hint } = refusal
    throw new CliError(message, {
      exitCode: misuse ? misused : failed,
      ...(hint === null ? {} : { hint }),
      cause: error,
    })
  }
}
