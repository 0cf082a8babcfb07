import assert from 'node:assert/strict'
import { isFailure } from '../../../src/catalogue/failure.ts'

/** Asserts a Failure `invalid` that says exactly this of the fields. */
export function wrong(fields: Readonly<Record<string, readonly string[]>>) {
  return (error: unknown) => {
    assert.ok(isFailure(error, 'invalid'), String(error))
    assert.deepEqual(error.detail.fields, fields)
    return true
  }
}
