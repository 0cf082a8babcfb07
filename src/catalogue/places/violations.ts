import { isUniqueViolation } from '../../database/dialect.ts'
import { Failure } from '../failure.ts'

/** What Foreman says of a value, word for word (foreman.md 4.1). */
export const blank = "can't be blank"
export const taken = 'has already been taken'
export const absent = 'does not exist'
export const tooLong = 'is too long (maximum is 255 characters)'
export const fixed = 'cannot be changed'

export type Violations = {
  complain(attribute: string, message: string): void
  /** @throws Failure `invalid` with all complaints in the order in which they were made. */
  demandNone(subject: string, id?: number): void
}

/** Gathers what is wrong with a record, so that a caller hears of everything at once. */
export function violations(): Violations {
  const fields: Record<string, string[]> = {}
  return {
    complain(attribute, message) {
      fields[attribute] = [...(fields[attribute] ?? []), message]
    },
    demandNone(subject, id) {
      if (Object.keys(fields).length === 0) return
      throw new Failure('invalid', `The ${subject} is not valid.`, {
        subject,
        fields,
        ...(id === undefined ? {} : { id: String(id) }),
      })
    },
  }
}

/** Null, empty, or nothing but white space. */
export function isBlank(text: string | null | undefined): boolean {
  return (text ?? '').trim() === ''
}

/** Characters, not UTF-16 units: an emoji is one. */
export function isTooLong(text: string | null | undefined): boolean {
  return [...(text ?? '')].length > 255
}

/**
 * Two that are written at once both find a value free; the unique index has the last word, and is worded as the rule.
 * @param column tells this index from others of the same table
 */
export async function refusingTwins<T>(
  subject: string,
  attribute: string,
  message: string,
  work: () => Promise<T>,
  column?: string,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const collision = isUniqueViolation(error)
    if (collision === false || (column !== undefined && !collision.columns.includes(column))) throw error
    const fields = { [attribute]: [message] }
    throw new Failure('invalid', `The ${subject} is not valid.`, { subject, fields }, { cause: error })
  }
}
