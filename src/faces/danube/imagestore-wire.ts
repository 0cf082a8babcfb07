import { offerFacts } from '../../catalogue/repositories/offer-facts.ts'
import { below, type Offer, type Repository } from '../../catalogue/repositories/repository.ts'
import { toMicros } from '../../catalogue/time.ts'

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

/** An image of a repository as this wire shows it (danube.md 3.3). */
export function offerToWire({ uuid, manifest }: Offer, url: string) {
  const { name, version, published, ostype, description, homepage, imageSizeMb, state, fileSize } =
    offerFacts({ manifest })
  return {
    manifest,
    manifest_url: manifestUrlOf(url, uuid),
    uuid,
    name,
    version,
    created: published,
    ostype,
    desc: description,
    homepage: homepage || null,
    size: imageSizeMb,
    state,
    download_size: fileSize ?? 0,
  }
}
