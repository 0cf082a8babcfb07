import { Failure } from '../../../catalogue/failure.ts'

/**
 * What the search language does not accept (foreman.md 7.8). The face answers the reason `search` with 400 and the
 * class `ScopedSearch::QueryNotSupported`; the message is the contract's, to the letter.
 */
export function refuseSearch(message: string): Failure {
  return new Failure('invalid', message, { reason: 'search' })
}
