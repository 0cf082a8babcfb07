import type { LocationPayload } from '../catalogue/images/locations/locations.ts'
import { fetchBytes, importUrl } from './import-url.ts'
import type { Kind } from './kind.ts'

/**
 * Fetches what is at a location that somebody gave an image. It is kept, because only what is here can be known to be
 * harmless and to stay what it is. Run again after a crash it fetches from the start.
 */
export const locationImport: Kind = {
  ...importUrl,
  name: 'location-import',

  run(run, parts) {
    const payload = run.task.payload as LocationPayload
    return fetchBytes(run, payload, parts, (trx, image) =>
      parts.catalogue.imageLocations.fetched(trx, run.actor, image, payload),
    )
  },
}
