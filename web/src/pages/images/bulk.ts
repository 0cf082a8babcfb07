import type { WireImage, WireImagePatch } from '../../../../src/faces/console/wire.ts'
import { patch, post, remove } from '../../api/client.ts'

/** What can be done with several images at once; also the id of its text, behind `images.bulk.`. */
export const bulkActions = [
  'deactivate',
  'reactivate',
  'protect',
  'unprotect',
  'makePrivate',
  'makeShared',
  'makePublic',
  'addTag',
  'removeTag',
  'delete',
] as const
export type BulkAction = (typeof bulkActions)[number]

/** Actions that need a word besides. */
export const needsTag = (action: BulkAction) => action === 'addTag' || action === 'removeTag'

const change = (uuid: string, body: WireImagePatch) => patch(`/images/${uuid}`, body)

const deeds: Readonly<Record<BulkAction, (uuid: string, tag: string) => Promise<unknown>>> = {
  deactivate: (uuid) => post(`/images/${uuid}/deactivate`),
  reactivate: (uuid) => post(`/images/${uuid}/reactivate`),
  protect: (uuid) => change(uuid, { protected: true }),
  unprotect: (uuid) => change(uuid, { protected: false }),
  makePrivate: (uuid) => change(uuid, { visibility: 'private' }),
  makeShared: (uuid) => change(uuid, { visibility: 'shared' }),
  makePublic: (uuid) => change(uuid, { visibility: 'public' }),
  addTag: (uuid, tag) => change(uuid, { addTags: [tag] }),
  removeTag: (uuid, tag) => change(uuid, { removeTags: [tag] }),
  delete: (uuid) => remove(`/images/${uuid}`),
}

export type BulkOutcome = {
  readonly done: number
  readonly failed: readonly { readonly image: WireImage; readonly error: unknown }[]
}

const atOnce = 4

/** Does it with each image by itself: one that is refused does not keep the others from it. */
export async function carryOut(
  action: BulkAction,
  images: readonly WireImage[],
  tag: string,
  progress: (done: number) => void,
): Promise<BulkOutcome> {
  const waiting = [...images]
  const failed: { image: WireImage; error: unknown }[] = []
  let done = 0
  const work = async () => {
    for (let image = waiting.shift(); image !== undefined; image = waiting.shift()) {
      try {
        await deeds[action](image.uuid, tag)
      } catch (error) {
        failed.push({ image, error })
      }
      progress(++done)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return { done: done - failed.length, failed }
}
