import { offerFacts } from '../../catalogue/repositories/offer-facts.ts'
import type { Repository } from '../../catalogue/repositories/repository.ts'
import type { FoundOffer } from '../../catalogue/repositories/search.ts'
import { parseInstant } from '../../catalogue/time.ts'
import { isoOrNull } from './shapes.ts'
import type { WireOffer, WireRepository } from './wire-repositories.ts'

export function toWireRepository({
  name,
  url,
  refreshedAt,
  imageCount,
  failure,
}: Repository): WireRepository {
  return { name, url: url ?? '', refreshedAt: isoOrNull(refreshedAt), imageCount, failure }
}

export function toWireOffer({ present, image, ...offer }: FoundOffer): WireOffer {
  const { published, homepage, imageSizeMb, ostype: _ostype, ...facts } = offerFacts(offer)
  return {
    uuid: offer.uuid,
    ...facts,
    homepage: /^https?:\/\//i.test(homepage) && URL.canParse(homepage) ? homepage : null,
    publishedAt: isoOrNull(parseInstant(published)),
    diskSize: imageSizeMb * 2 ** 20,
    present,
    visible: image !== null,
  }
}
