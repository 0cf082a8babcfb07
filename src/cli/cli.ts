import { Command, CommanderError } from 'commander'
import { type Settings, SettingsError } from '../settings.ts'
import { applyCommand } from './apply.ts'
import { clientOf } from './client.ts'
import { connectionOf } from './connection.ts'
import type { Context } from './context.ts'
import { CliError, failed, messageOf, misused } from './errors.ts'
import { imageCommand } from './image.ts'
import { offlineCommands } from './offline.ts'
import { projectCommand } from './project.ts'
import { taskCommand } from './task.ts'
import { safe } from './text.ts'
import { tokenCommand } from './token.ts'
import { userCommand } from './user.ts'
import { verifyCommand } from './verify.ts'
import { version } from './version.ts'
import { whoamiCommand } from './whoami.ts'

type LoadSettings = (env: NodeJS.ProcessEnv, place: { readonly cwd: string }) => Settings

/**
 * Carries out one command of the command line (one-catalogue.md section 5).
 * @param args what follows `imageport`
 * @returns the exit code: 0, 1 (failed) or 2 (misuse, bad settings, bad file)
 */
export async function runCommand(args: string[], loadSettings: LoadSettings): Promise<number> {
  const interrupted = new AbortController()
  // Once: whoever asks twice does not want to wait for an orderly end.
  const interrupt = () => interrupted.abort()
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  const program = new Command('imageport')
  try {
    describe(program, contextOf(program, loadSettings, interrupted.signal))
    await program.parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    return explain(error)
  } finally {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
  }
}

function describe(program: Command, context: Context): void {
  program
    .description('One catalogue of disk images, served through many APIs.')
    .option('--json', 'print JSON on standard output, and nothing else there')
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'explain a command')
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText(
      'after',
      `
The server is found by IMAGEPORT_URL (default: the configured host and port). Who asks is said by IMAGEPORT_TOKEN, or
by IMAGEPORT_USERNAME and IMAGEPORT_PASSWORD; on the server's own machine, as its user, neither is needed.`,
    )
  program
    .command('serve')
    .description('run the server')
    .option('--apply <file>', 'apply a bootstrap file first')
  imageCommand(program, context)
  taskCommand(program, context)
  userCommand(program, context)
  projectCommand(program, context)
  tokenCommand(program, context)
  applyCommand(program, context)
  verifyCommand(program, context)
  whoamiCommand(program, context)
  offlineCommands(program, context)
}

function contextOf(program: Command, loadSettings: LoadSettings, signal: AbortSignal): Context {
  const settings = once(() => loadSettings(process.env, { cwd: process.cwd() }))
  return {
    settings,
    client: once(() => clientOf(connectionOf(process.env, settings), signal)),
    signal,
    get json() {
      return program.opts<{ json?: boolean }>().json === true
    },
    print(value, text) {
      const lines = this.json ? JSON.stringify(value, null, 2) : text()
      if (lines !== '') process.stdout.write(`${lines}\n`)
    },
    note(line) {
      process.stderr.write(`${safe(line)}\n`)
    },
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** One message on stderr, never a stack. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) {
    // Help and version were asked for and have been printed; so have complaints about arguments.
    return error.exitCode === 0 ? 0 : misused
  }
  if (error instanceof SettingsError) {
    say(error.problems.join('\n'))
    return misused
  }
  if (error instanceof CliError) {
    say(error.hint === null ? error.message : `${error.message.replace(/\.$/, '')} (${error.hint})`)
    return error.exitCode
  }
  say(`unexpected: ${messageOf(error)}`)
  return failed
}

function say(message: string): void {
  process.stderr.write(`imageport: ${message.split('\n').map(safe).join('\n')}\n`)
}
