import { Failure, isFailure } from '../../catalogue/failure.ts'

const taken = 'An image of this name and version is there already.'

/**
 * Runs an operation that speaks of fields as Danube does, and tells what is wrong in the words of this wire: an alias is
 * a name here.
 */
export async function namedHere<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation()
  } catch (error) {
    if (!isFailure(error, 'invalid') || !error.detail.fields) throw error
    const { alias, non_field_errors: whole, ...fields } = error.detail.fields
    const detail = {
      ...error.detail,
      fields: { ...fields, ...(alias ? { name: [taken] } : {}), ...(whole ? { project: whole } : {}) },
    }
    throw new Failure(error.code, alias ? taken : error.message, detail, { cause: error })
  }
}
