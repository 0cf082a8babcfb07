import type { Image } from '../images/image.ts'
import type { StoredFacts } from '../images/row.ts'
import { isObject, type JsonObject, own } from './manifest.ts'
import { osFromFacts } from './ostype.ts'

/**
 * What a change that knows nothing of manifests does to the kept one: it says no more what has been changed elsewhere, or
 * it would contradict that for ever (one-catalogue.md section 4, rule 1).
 */
export function superseded(before: Image, change: Partial<StoredFacts>): { readonly manifest?: JsonObject } {
  if (change.manifest !== undefined || !isObject(before.manifest)) return {}
  const manifest = new Map(Object.entries(before.manifest))
  const { minRam, properties } = change
  if (minRam !== undefined && minRam !== before.minRam) dropMinRam(manifest)
  if (properties && isOtherSystem(before, properties)) manifest.delete('os')
  // Another login is shown instead of these; where there is none any more, neither are they.
  if (properties && before.properties.os_admin_user && !properties.os_admin_user) manifest.delete('users')
  const isSame = [...Object.entries(before.manifest)].every(([key, value]) => manifest.get(key) === value)
  return isSame ? {} : { manifest: Object.fromEntries(manifest) }
}

function dropMinRam(manifest: Map<string, unknown>): void {
  const requirements = manifest.get('requirements')
  if (!isObject(requirements) || own(requirements, 'min_ram') === undefined) return
  const { min_ram: _dropped, ...others } = requirements
  if (Object.keys(others).length > 0) manifest.set('requirements', others)
  else manifest.delete('requirements')
}

/** Do changed facts name another operating system than the manifest does? */
function isOtherSystem({ manifest, properties: before }: Image, after: StoredFacts['properties']): boolean {
  const isChanged = ['os_distro', 'os_type'].some((name) => before[name] !== after[name])
  const found = osFromFacts(after)
  return isChanged && found !== 'other' && found !== own(manifest as JsonObject, 'os')
}
