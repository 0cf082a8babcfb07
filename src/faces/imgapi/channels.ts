import { invalidManifest, Refusal } from './failures.ts'
import { unknownChannel } from './requested-channels.ts'
import type { Context, Route } from './route.ts'
import { currentManifest, ownImage } from './view.ts'

function demandChannels({ repository }: Context): void {
  if (repository.channels.length === 0)
    throw new Refusal('ResourceNotFound', 'this repository has no channels')
}

export const channelRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/channels',
    open: true,
    summary: 'Channels that divide the repository',
    async handle(context) {
      demandChannels(context)
      const body = context.repository.channels.map((name, at) => ({
        name,
        description: `Images of channel ${name}`,
        ...(at === 0 ? { default: true } : {}),
      }))
      return { body }
    },
  },
]

export async function addChannel(context: Context) {
  demandChannels(context)
  const { repository, parts, actor } = context
  const body = await context.json()
  const channel: unknown = (body as { channel?: unknown } | null | undefined)?.channel
  if (typeof channel !== 'string')
    throw invalidManifest([{ field: 'channel', code: 'MissingParameter', message: 'must name a channel' }])
  if (!repository.channels.includes(channel)) throw unknownChannel('channel', channel)
  const image = await ownImage(context)
  await parts.catalogue.publications.addChannel(actor, image.uuid, channel, repository.channels)
  return currentManifest(context)
}
