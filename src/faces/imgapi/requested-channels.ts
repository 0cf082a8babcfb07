import { badParameter, invalidManifest, type Refusal } from './failures.ts'
import type { Context } from './route.ts'

/**
 * The channels that a request is about: the named one, all for `*`, else the default. Null where there are none.
 * @throws Refusal 422 ValidationFailed
 */
export function requestedChannels({
  repository: { channels },
  query,
}: Pick<Context, 'repository' | 'query'>): readonly string[] | null {
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
