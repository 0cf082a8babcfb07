import type { Actor } from '../../../src/catalogue/actor.ts'
import { type FailureCode, isFailure } from '../../../src/catalogue/failure.ts'
import type { Image } from '../../../src/catalogue/images/image.ts'
import type { TestCore } from '../../support/core.ts'

/** Asserts a Failure of this code, and of this reason where one is given. */
export function fails(code: FailureCode, reason?: string) {
  return (error: unknown) =>
    isFailure(error, code) && (reason === undefined || error.detail.reason === reason)
}

/** What a refused write says of each attribute, in the order in which it says it. */
export async function complaints(work: Promise<unknown>): Promise<[string, readonly string[]][]> {
  try {
    await work
  } catch (error) {
    if (isFailure(error, 'invalid') && error.detail.fields) return Object.entries(error.detail.fields)
    throw error
  }
  throw new Error('It was not refused.')
}

/** An image with bytes, which registers itself. */
export async function activeImage(t: TestCore, actor: Actor, draft: object): Promise<Image> {
  const { uuid } = await t.catalogue.images.create(actor, {
    diskFormat: 'raw',
    containerFormat: 'bare',
    ...draft,
  })
  async function* bytes() {
    yield Buffer.from(`bytes of ${uuid}`)
  }
  return t.catalogue.bytes.receive(actor, uuid, bytes(), { fallback: 'killed' })
}
