import type { Core } from '../core.ts'
import { entries } from './entries.ts'
import { namespaces } from './namespaces.ts'
import { resourceTypes } from './resource-types.ts'

/** Which metadata there are for images and what is made of them, as OpenStack describes it (glance.md section 21). */
export function metadefs(core: Core) {
  return {
    namespaces: namespaces(core),
    resourceTypes: resourceTypes(core),
    /** Resource types that a namespace is for. */
    associations: entries(core, 'association'),
    properties: entries(core, 'property'),
    /** Properties that belong together. */
    objects: entries(core, 'object'),
    tags: entries(core, 'tag'),
  }
}
