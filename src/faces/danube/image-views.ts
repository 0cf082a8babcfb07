import type { Image } from '../../catalogue/images/image.ts'
import { logDetail, withProblem } from '../../catalogue/tasks/log.ts'
import type { Context } from './route.ts'
import { toWire, type WireImage } from './wire.ts'

/** The datacenter that the image is bound to is in force from then on, else the first one (danube.md 1.4). */
export function enterDatacenterOf(context: Context, image: Image): void {
  const { owner } = image
  if (image.bound && owner) context.enter({ id: owner.id, name: owner.name })
}

/** What the task log tells of a request: what it asked for, and what of its callback could not be understood. */
export function detailOf(facts: object, problem: string | undefined): string {
  return withProblem(logDetail({ ...facts }), problem)
}

/** Shown where an owner is gone. */
const nobody = 'admin'

/** Images with what is shown beside them: names of owners, whether somebody works on them, datacenters. */
export async function viewsOf(
  { parts }: Pick<Context, 'parts'>,
  images: readonly Image[],
  { extended = false } = {},
): Promise<WireImage[]> {
  const { users, tasks, attachments } = parts.catalogue
  const owners = await users.usernames(images.map(({ creatorId }) => creatorId))
  const working = await tasks.working(images.map(({ uuid }) => uuid))
  const datacenters = extended ? await attachments.of(images) : null
  return images.map((image) =>
    toWire(image, {
      owner: owners.get(image.creatorId ?? 0) ?? nobody,
      working: working.has(image.uuid),
      ...(datacenters ? { dcs: datacenters.get(image.uuid) ?? [] } : {}),
    }),
  )
}

export async function viewOf(
  context: Pick<Context, 'parts'>,
  image: Image,
  options = {},
): Promise<WireImage> {
  const [view] = await viewsOf(context, [image], options)
  return view!
}

/** Whole objects of a list, page by page as they are read. */
export async function* viewsOfAll(
  context: Pick<Context, 'parts'>,
  pages: AsyncIterable<readonly Image[]>,
  options = {},
): AsyncGenerator<readonly WireImage[]> {
  for await (const images of pages) yield await viewsOf(context, images, options)
}
