import { badParameter, invalidManifest, Refusal } from './failures.ts'
import type { Context, Route } from './route.ts'
import { currentManifest, ownImage } from './view.ts'

/**
 * The channels that a request is about: the named one, all for `*`, else the default. Null where there are none.
 * @throws Refusal 422 ValidationFailed
 */
export function requestedChannels({ repository: { channels }, query }: Context): readonly string[] | null {
  if (channels.length === 0) return null
  const name = query.get('channel') ?? channels[0]!
  if (name === '*') return channels
  if (channels.includes(name)) return [name]
  throw unknownChannel('channel', name)
}

/** The one channel that a request is about. @throws Refusal 422 */
export function requestedChannel(context: Context): string | null {
  if (context.repository.channels.length > 0 && context.query.get('channel') === '*')
    throw badParameter('channel', 'must be one channel')
  return requestedChannels(context)?.[0] ?? null
}

export function unknownChannel(field: string, name: string): Refusal {
  return invalidManifest([{ field, code: 'Invalid', message: `unknown channel "${name}"` }])
}

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
