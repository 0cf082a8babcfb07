import type { VerifyPayload } from '../catalogue/bytes/verification.ts'
import { isFailure } from '../catalogue/failure.ts'
import type { Kind } from './kind.ts'

/** Reads stored bytes again, compares them with their digests, and fills in the sha256 where it is not known yet. */
export const verify: Kind = {
  name: 'verify',
  run: ({ task, signal, progress }, { catalogue }) =>
    catalogue.verification.run(task.payload as VerifyPayload, signal, progress),
  retry: (error) => isFailure(error, 'unavailable'),
}
