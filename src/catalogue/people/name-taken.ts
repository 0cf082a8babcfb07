import { isUniqueViolation } from '../../database/dialect.ts'

const names = ['name', 'name_fold', 'username_fold']

/** Two that are made at once both find their name free; the unique index has the last word. */
export function isTaken(error: unknown): boolean {
  const collision = isUniqueViolation(error)
  return collision !== false && collision.columns.some((column) => names.includes(column))
}
