import { isFailure } from '../catalogue/failure.ts'
import type { Kind } from './kind.ts'

/** Makes a changed image known; when that fails the change is taken back. */
export const publishImage: Kind = {
  name: 'publish-image',

  async run({ task }, { catalogue }) {
    await catalogue.revisions.finishPublication(task.imageUuid!)
    return { image_id: task.imageUuid }
  },

  retry: (error) => isFailure(error, 'unavailable'),
}
