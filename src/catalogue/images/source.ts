import type { Task } from '../tasks/task.ts'
import type { SnapshotImagePayload } from './from-snapshot.ts'
import type { Image } from './image.ts'
import type { CopyPayload, ImportPayload } from './imports.ts'
import type { LocationPayload } from './locations/locations.ts'
import type { StoreImportPayload } from './store-imports/payload.ts'

/** Where the bytes of an image come from. */
export type Source = {
  readonly kind: 'upload' | 'url' | 'repository' | 'glance' | 'location' | 'copy' | 'snapshot'
  /** Of the bytes, or of the other server; without credentials and query. */
  readonly url: string | null
  /** The image of this catalogue that it is a copy of. */
  readonly image: string | null
  readonly snapshot: { readonly instance: string; readonly disk: number; readonly name: string } | null
}

/** The kinds of tasks that bring bytes. */
export const bringing = [
  'import-url',
  'import-image',
  'location-import',
  'copy-image',
  'snapshot-image',
] as const

const nothing = { url: null, image: null, snapshot: null }

/**
 * @param tasks that bring bytes into the image and did not fail, newest first
 * @param arrival what the audit log calls the last arrival of bytes; null: there was none
 */
export function sourceOf(image: Image, tasks: readonly Task[], arrival: string | null): Source | null {
  const source = tasks.map((task) => broughtBy(image, task)).find((found) => found !== null)
  if (source) return source
  if (arrival === 'bytes-received') return { ...nothing, kind: 'upload' }
  if (arrival === 'bytes-located') return { ...nothing, kind: 'location' }
  return arrival === 'copy' ? { ...nothing, kind: 'copy' } : null
}

/** Null for a task that only adds to what is there. */
function broughtBy(image: Image, { kind, payload }: Task): Source | null {
  switch (kind as (typeof bringing)[number]) {
    case 'copy-image':
      return { ...nothing, kind: 'copy', image: (payload as CopyPayload).sourceUuid }
    case 'snapshot-image': {
      const { instanceUuid: instance, disk, name } = payload as SnapshotImagePayload
      return { ...nothing, kind: 'snapshot', snapshot: { instance, disk, name } }
    }
    case 'location-import':
      return { ...nothing, kind: 'location', url: plainUrl((payload as LocationPayload).url) }
    case 'import-url': {
      const { url, sourceUuid } = payload as ImportPayload
      if (sourceUuid !== undefined) return { ...nothing, kind: 'copy', image: sourceUuid }
      const repository = repositoryOf(url, image)
      return { ...nothing, kind: repository ? 'repository' : 'url', url: plainUrl(repository ?? url) }
    }
    case 'import-image':
      return importedBy(payload as StoreImportPayload)
  }
}

function importedBy({ method, url, other }: StoreImportPayload): Source | null {
  switch (method) {
    case 'glance-direct':
      return { ...nothing, kind: 'upload' }
    case 'web-download':
      return { ...nothing, kind: 'url', url: plainUrl(url ?? '') }
    case 'glance-download':
      return { ...nothing, kind: 'glance', url: plainUrl(other?.endpoint ?? '') }
    case 'copy-image':
      return null
  }
}

/** An image that came with a manifest has its bytes from a repository, where they are below the manifest (danube.md 7.3). */
function repositoryOf(url: string, { manifest }: Image): string | null {
  if (manifest === null) return null
  return /^(.*)\/images\/[0-9a-f-]{36}\/file\/?(?:\?.*)?$/i.exec(url)?.[1] ?? null
}

/** Null for what is no URL. */
function plainUrl(text: string): string | null {
  const url = URL.parse(text)
  if (!url) return null
  url.username = url.password = url.search = url.hash = ''
  return url.href
}
