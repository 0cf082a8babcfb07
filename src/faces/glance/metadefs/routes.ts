import type { Route } from '../route.ts'
import { namespaceRoutes } from './namespaces.ts'
import { objectRoutes } from './objects.ts'
import { propertyRoutes } from './properties.ts'
import { resourceTypeRoutes } from './resource-types.ts'
import { metadefTagRoutes } from './tags.ts'

/** Metadata definitions (glance.md section 21). */
export const metadefRoutes: readonly Route[] = [
  ...resourceTypeRoutes,
  ...namespaceRoutes,
  ...objectRoutes,
  ...propertyRoutes,
  ...metadefTagRoutes,
]
