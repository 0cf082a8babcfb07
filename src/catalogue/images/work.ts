import type { Actor } from '../actor.ts'
import type { Trx } from '../core.ts'
import { enqueue, type NewTask } from '../tasks/enqueue.ts'
import type { Work } from '../tasks/log.ts'
import { mainProjectId } from './cleanup.ts'
import type { Image } from './image.ts'

/** Work on an image, as the task log tells it: in the datacenter it is bound to, or in the first one (danube.md 2.1). */
export function workOn(image: Image, message: string, detail: string): Work {
  return {
    message,
    detail,
    object: {
      type: 'image',
      id: image.uuid,
      name: image.handle,
      alias: image.name,
      ownerUserId: image.creatorId,
    },
    projectId: (image.bound ? image.ownerId : null) ?? mainProjectId,
    bound: false,
  }
}

/** Enqueues work on an image, as `enqueue`: the task is found by the image, and people read its handle. */
export function enqueueOn(
  trx: Trx,
  actor: Actor,
  image: Image,
  task: Omit<NewTask, 'imageUuid' | 'subject'>,
): Promise<string> {
  return enqueue(trx, actor, { ...task, imageUuid: image.uuid, subject: image.handle })
}
