import type { IntlShape } from 'react-intl'
import { ApiError } from '../../api/client.ts'

/** The rules of places speak Foreman's English. What they say often has a text in each language; anything else is shown as it is. */
const words: Readonly<Record<string, string>> = {
  "can't be blank": 'blank',
  'Operating System version is required': 'blank',
  'has already been taken': 'taken',
  'Operating system version already exists': 'versionTaken',
  'does not exist': 'absent',
  'is too long (maximum is 255 characters)': 'tooLong',
  'cannot be changed': 'fixed',
  'is invalid': 'invalid',
  "can't contain spaces.": 'spaces',
  'is not a number': 'noNumber',
  'could not be found in catalogue': 'noImage',
}

/** Where a field is empty, nothing else about it matters. */
function sentenceOf(messages: readonly string[], intl: IntlShape): string {
  const ids = messages.map((message) => words[message])
  const told = ids.includes('blank') ? ["can't be blank"] : messages
  return told
    .map((message) => {
      const id = words[message]
      return id === undefined ? message : intl.formatMessage({ id: `places.problem.${id}` })
    })
    .join(' ')
}

/** What the whole was refused for. */
const reasons: ReadonlySet<string> = new Set(['in-use', 'built-in', 'permission', 'owner', 'connection'])

/** The same refusal in the language of the console, as far as it has texts for it. */
function worded(error: unknown, intl: IntlShape): unknown {
  if (!(error instanceof ApiError)) return error
  const { status, code, detail, message } = error
  const { reason = '', fields = {} } = detail
  const told = reasons.has(reason)
    ? intl.formatMessage({ id: `places.refused.${reason}` }, { message })
    : message
  const sentences = Object.entries(fields).map(([name, messages]) => [name, [sentenceOf(messages, intl)]])
  return new ApiError(status, {
    code,
    message: told,
    detail: { ...detail, fields: Object.fromEntries(sentences) },
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
