/** What a command ends with when it does not succeed. */
export const failed = 1
/** Misuse, bad settings or a bad file: the same command would fail again. */
export const misused = 2

/** The one error of the command line: a sentence for people, maybe with a hint. */
export class CliError extends Error {
  readonly hint: string | null
  readonly exitCode: number
  /** The server's code, where the server refused. */
  readonly code: string | null

  constructor(
    message: string,
    more: { hint?: string; exitCode?: number; code?: string; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? {} : { cause: more.cause })
    this.name = 'CliError'
    this.hint = more.hint ?? null
    this.exitCode = more.exitCode ?? failed
    this.code = more.code ?? null
  }
}

export function misuse(message: string, hint?: string): CliError {
  return new CliError(message, { exitCode: misused, ...(hint === undefined ? {} : { hint }) })
}

/** The message of whatever was thrown, on one line where it has no lines of its own. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error)
}

/** A file named on the command line that cannot be used. */
export function fileError(path: string, error: unknown): CliError {
  const { code } = error as NodeJS.ErrnoException
  const reasons: Record<string, string> = {
    ENOENT: 'does not exist',
    EACCES: 'must not be accessed by you',
    EISDIR: 'is a directory',
    ENOTDIR: 'is not below a directory',
    ENOSPC: 'cannot be written: the disk is full',
    EEXIST: 'exists already',
  }
  return misuse(`${path} ${reasons[code ?? ''] ?? `cannot be used (${messageOf(error)})`}`)
}
