import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { mismatch } from '../failures.ts'
import type { SchemaDocument } from './json-schema.ts'

// Not strict, because the documents carry words that only clients know: `is_base`, `links`, `name`, and formats. Stops at
// the first fault, so that a large body of faults costs no more than a good one.
const ajv = new Ajv({ strict: false, allErrors: false, validateFormats: false })

/** Names are the caller's, and may be longer than anybody wants to read. */
const longestName = 255

/**
 * Checks bodies against a document, which is compiled when it is first needed.
 * @returns a function that throws Refusal 400, naming the property and what is wrong with it (glance.md 1.2)
 */
export function validatorOf(schema: SchemaDocument): (body: object) => void {
  let isValid: ValidateFunction | undefined
  return (body) => {
    isValid ??= ajv.compile(schema)
    if (!isValid(body)) throw mismatch(schema.name, wordsOf(isValid.errors![0]!))
  }
}

function wordsOf(error: ErrorObject): string {
  const place = error.instancePath.slice(1).replaceAll('~1', '/').replaceAll('~0', '~')
  return place === '' ? reasonOf(error) : `${quoted(place)} ${reasonOf(error)}`
}

function reasonOf({ keyword, params, message }: ErrorObject): string {
  switch (keyword) {
    case 'type':
      return `must be of type ${[params.type].flat().join(' or ')}`
    case 'enum':
      return `must be one of ${params.allowedValues.map((value: unknown) => JSON.stringify(value)).join(', ')}`
    case 'required':
      return `lacks the property ${quoted(params.missingProperty)}`
    case 'additionalProperties':
      return `has the unknown property ${quoted(params.additionalProperty)}`
    default:
      return message ?? keyword
  }
}

function quoted(name: string): string {
  return name.length > longestName ? `'${name.slice(0, longestName)}…'` : `'${name}'`
}
