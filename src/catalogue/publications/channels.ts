import type { Image } from '../images/image.ts'
import { isObject, own } from '../manifests/manifest.ts'
import type { Filter } from '../search.ts'

/**
 * Channels divide a repository (danube.md 7.4). Which there are is the installation's setting, the first is the default.
 * An image of which nobody said in which channel it is, is in that one.
 */
export function channelsOf(image: Pick<Image, 'manifest'>, configured: readonly string[]): readonly string[] {
  const said = isObject(image.manifest) ? own(image.manifest, 'channels') : undefined
  const names = Array.isArray(said) ? said.filter((name) => typeof name === 'string') : []
  return names.length > 0 ? names : configured.slice(0, 1)
}

/** The images in any of these channels. */
export function inChannels(names: readonly string[], configured: readonly string[]): Filter {
  const named: readonly Filter[] = names.map((name) => ({ fact: 'channel', name }))
  const unsaid: Filter = { not: { fact: 'channel' } }
  return { any: configured[0] !== undefined && names.includes(configured[0]) ? [...named, unsaid] : named }
}
