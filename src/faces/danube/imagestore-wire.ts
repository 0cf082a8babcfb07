import { isObject, own } from '../../catalogue/manifests/manifest.ts'
import { ostypeOf } from '../../catalogue/manifests/ostype.ts'
import { defaultImageSizeMb } from '../../catalogue/manifests/read.ts'
import { upgraded } from '../../catalogue/manifests/upgrade.ts'
import { below, type Offer, type Repository } from '../../catalogue/repositories/repository.ts'
import { toMicros } from '../../catalogue/time.ts'
import { plainText, whole } from './scalars.ts'

/** A repository as this wire shows it (danube.md 3.1). `origin`: where this installation itself is reached. */
export function repositoryToWire(repository: Repository, origin: string) {
  return {
    name: repository.name,
    url: repository.url ?? origin,
    last_update: repository.refreshedAt === null ? null : toMicros(repository.refreshedAt),
    image_count: repository.imageCount,
    error: repository.failure,
  }
}

/** The address of a manifest, from which its file is derived (danube.md 1.6). */
export function manifestUrlOf(url: string, uuid: string): string {
  return below(url, `images/${uuid}`)
}

/**
 * An image of a repository as this wire shows it (danube.md 3.3). The manifest is a stranger's: whatever of it makes no
 * sense counts as not said.
 */
export function offerToWire({ uuid, manifest }: Offer, url: string) {
  const facts = upgraded(manifest)
  const text = (key: string) => plainText(own(facts, key) ?? '')
  const files = own(facts, 'files')
  const file: unknown = Array.isArray(files) ? files[0] : undefined
  return {
    manifest,
    manifest_url: manifestUrlOf(url, uuid),
    uuid,
    name: text('name') ?? '',
    version: text('version') ?? '',
    created: text('published_at') ?? '',
    ostype: ostypeOf(text('type') ?? '', text('os') ?? ''),
    desc: text('description') ?? '',
    homepage: text('homepage') || null,
    size: count(own(facts, 'image_size')) || defaultImageSizeMb,
    // A repository lists what is active, also where it does not say so.
    state: text('state') || 'active',
    download_size: isObject(file) ? count(own(file, 'size')) : 0,
  }
}

function count(value: unknown): number {
  const number = whole(value)
  return number !== null && number > 0 ? number : 0
}
