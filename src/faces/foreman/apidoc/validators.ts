/** What a parameter must be. */
export type Kind =
  | 'string'
  | 'identifier'
  | 'hash'
  | 'boolean'
  | 'number'
  | 'perPage'
  | 'integer'
  | 'array'
  | 'nested'

type Validator = {
  /** HTML, as apipie writes it; only `code` elements occur. */
  readonly sentence: string
  readonly expected: 'string' | 'numeric' | 'boolean' | 'hash' | 'array'
}

/**
 * The sentences of foreman.md 4.2: those of the published French and Chinese pages where these have one. They are
 * never translated, and the misspelling belongs to them.
 */
export const validators: Readonly<Record<Kind, Validator>> = {
  string: { sentence: 'Must be String', expected: 'string' },
  identifier: {
    sentence:
      'Must be an identifier, string from 1 to 128 characters containing only alphanumeric characters, space, ' +
      'underscore(_), hypen(-) with no leading or trailing space.',
    expected: 'string',
  },
  hash: { sentence: 'Must be a Hash', expected: 'hash' },
  boolean: { sentence: "Must be 'true' or 'false'", expected: 'boolean' },
  number: { sentence: 'Must be a number.', expected: 'numeric' },
  perPage: {
    sentence: 'Must match regular expression <code>/\\A([1-9]\\d*|all)\\Z$/</code>.',
    expected: 'string',
  },
  integer: { sentence: 'Must be a Integer', expected: 'numeric' },
  array: { sentence: 'Must be an array of any type', expected: 'array' },
  nested: { sentence: 'Must be an Array of nested elements', expected: 'array' },
}
