import type { IntlShape } from 'react-intl'
import { ApiError } from '../../api/client.ts'

/** Why something was refused, as far as there are words for it in each language. */
const reasons: ReadonlySet<string> = new Set([
  ...[
    'built-in',
    'exists',
    'in-use',
    'last-admin',
    'logins',
    'nested',
    'old-password',
    'own-password',
    'self',
  ],
])

/** The same refusal in the language of the console; what there are no words for stays as the server says it. */
export function worded(error: unknown, intl: IntlShape): unknown {
  if (!(error instanceof ApiError)) return error
  const { status, code, detail, message } = error
  const { reason = '', fields } = detail
  if (!reasons.has(reason)) return error
  const values = { message, seconds: detail.retryAfterSeconds ?? 0 }
  const told = intl.formatMessage({ id: `people.refused.${reason}` }, values)
  const sentences = fields && Object.fromEntries(Object.keys(fields).map((name) => [name, [told]]))
  return new ApiError(status, {
    code,
    message: told,
    detail: { ...detail, ...(sentences ? { fields: sentences } : {}) },
  })
}

/** Work whose refusals are told in the language of the console. */
export async function wording<T>(intl: IntlShape, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw worded(error, intl)
  }
}

/** What this page itself finds wrong with a field, told as the server would. */
export function wrongField(name: string, sentence: string): ApiError {
  return new ApiError(400, { code: 'invalid', message: sentence, detail: { fields: { [name]: [sentence] } } })
}

/** Was it refused because of a name that nobody and nothing has? */
export function isUnknown(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false
  const { code, detail } = error
  return code === 'not-found' || (code === 'invalid' && ['user', 'project'].includes(detail.subject ?? ''))
}
