import { foreignFactsOf } from '../manifests/facts.ts'
import type { ForeignManifest } from '../manifests/read.ts'
import type { ImageDraft } from './draft.ts'
import type { ForeignDraft } from './imports.ts'

/** What somebody decides of an image that comes with a manifest; what the manifest says otherwise is kept. */
export type ForeignSaid = Omit<ImageDraft, 'uuid' | 'minRam' | 'properties' | 'manifest'> & {
  readonly description: string
}

/** The image that is to be made of a manifest that others wrote (danube.md 1.6, 1.13). */
export function foreignDraftOf(found: ForeignManifest, { description, ...said }: ForeignSaid): ForeignDraft {
  // The channels of another repository mean nothing in ours.
  const { channels: _channels, ...manifest } = found.manifest
  const { minRam, properties } = foreignFactsOf(manifest, found.os)
  return {
    ...said,
    uuid: found.uuid,
    minRam,
    properties: { ...(description ? { description } : {}), ...properties },
    // Its size is final, whatever its bytes turn out to be.
    manifest: { ...manifest, image_size: found.imageSizeMb },
  }
}
