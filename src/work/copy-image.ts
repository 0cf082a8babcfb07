import { isFailure } from '../catalogue/failure.ts'
import type { CopyPayload } from '../catalogue/images/imports.ts'
import type { Kind } from './kind.ts'

/** Completes the copy (or move) of an image; no bytes are moved, because they are kept by content. */
export const copyImage: Kind = {
  name: 'copy-image',

  async run({ task, actor }, { catalogue }) {
    await catalogue.imports.finishCopy(actor, task.imageUuid!, task.payload as CopyPayload)
    return { image_id: task.imageUuid }
  },

  retry: (error) => isFailure(error, 'conflict') || isFailure(error, 'unavailable'),
}
