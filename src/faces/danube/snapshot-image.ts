import type { SnapshotImageDraft } from '../../catalogue/images/from-snapshot.ts'
import type { Image } from '../../catalogue/images/image.ts'
import { usualVersion } from '../../catalogue/images/uniqueness.ts'
import { workOn } from '../../catalogue/images/work.ts'
import { readCallback } from './callback-fields.ts'
import { fields } from './fields.ts'
import { type ImageFields, readImageFields } from './image-fields.ts'
import { detailOf } from './image-views.ts'
import { type Answer, begun, type Context, type Route } from './route.ts'
import { diskIdOf, onServer, serverOf } from './vm-wire.ts'

/** danube.md 1.8; which check comes first is the catalogue's affair, but for the fields, which are this wire's. */
async function create(context: Context): Promise<Answer> {
  const { actor, data, datacenter, parts } = context
  const { snapshotImages } = parts.catalogue
  const target = {
    projectId: datacenter.id,
    instance: serverOf(context),
    disk: diskIdOf(context),
    snapshot: context.segment('snapname'),
    handle: context.segment('name'),
  }
  await onServer(() => snapshotImages.look(actor, target))
  const read = fields(data)
  const said = await readImageFields(context, 'snapshot', read)
  read.demand()
  const draft = draftOf(said)
  const { callback, problem } = readCallback(data)
  const facts = {
    hostname: target.instance,
    snapname: target.snapshot,
    disk_id: target.disk,
    ...draftFacts(context, said),
  }
  const { taskId } = await onServer(() =>
    snapshotImages.begin(actor, target, draft, {
      work: (image: Image) => workOn(image, 'Create image', detailOf(facts, problem)),
      callback,
    }),
  )
  return begun(taskId)
}

/** `dc` and `dc_bound` count for nothing: the image is bound to the server's datacenter. */
function draftOf({
  alias,
  version,
  ownerId,
  access,
  desc,
  resize,
  deploy,
  tags,
}: ImageFields): SnapshotImageDraft {
  return {
    version: version ?? usualVersion,
    visibility: access === 1 ? 'public' : 'private',
    withdrawn: access === 4,
    resize: resize ?? false,
    deploy: deploy ?? false,
    tags: tags ?? [],
    properties: desc ? { description: desc } : {},
    ...(alias === undefined ? {} : { name: alias }),
    ...(ownerId === undefined ? {} : { creatorId: ownerId }),
  }
}

/** For the task log, in the words of this wire. */
function draftFacts({ data }: Context, { ownerId: _id, dcBound: _bound, ...said }: ImageFields): object {
  return { ...said, ...(data.owner === undefined ? {} : { owner: data.owner }) }
}

export const snapshotImageRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/vm/:hostname/snapshot/:snapname/image/:name',
    summary: "Make an image from the snapshot of a server's disk",
    scope: 'current',
    group: 'u',
    handle: create,
  },
]
