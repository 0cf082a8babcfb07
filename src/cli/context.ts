import type { Settings } from '../settings.ts'
import type { Client } from './client.ts'

/** What every command gets. Server and settings are looked for when they are first needed. */
export type Context = {
  /** @throws CliError when there are no credentials */
  readonly client: () => Client
  /** @throws SettingsError */
  readonly settings: () => Settings
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  /** Machine-readable JSON on stdout, and nothing else there. */
  readonly json: boolean
  /** Writes the result: `value` with --json, else what `text` makes. */
  readonly print: (value: unknown, text: () => string) => void
  /** One line beside the result. */
  readonly note: (line: string) => void
}
