import { isFailure } from '../catalogue/failure.ts'

/** What a failure means to somebody at the command line; null for what is no Failure. */
export function refusalOf(error: unknown): { message: string; misuse: boolean; hint: string | null } | null {
  if (!isFailure(error)) return null
  const hints: Record<string, string> = {
    'data-directory': 'stop the server first',
    'not-empty': 'choose another directory, or see --help',
  }
  return {
    message: error.message,
    misuse: error.code === 'invalid',
    hint: hints[error.detail.reason ?? ''] ?? null,
  }
}
