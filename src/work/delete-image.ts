import { isFailure } from '../catalogue/failure.ts'
import type { Kind } from './kind.ts'

/** Deletes an image and frees its bytes; when that fails the image stays as it was. */
export const deleteImage: Kind = {
  name: 'delete-image',

  async run({ task, actor }, { catalogue }) {
    await catalogue.revisions.finishDisposal(actor, task.imageUuid!, task.id)
    return { image_id: task.imageUuid }
  },

  retry: (error) => isFailure(error, 'conflict') || isFailure(error, 'unavailable'),
}
