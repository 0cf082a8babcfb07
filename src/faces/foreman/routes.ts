import { computeResourceRoutes } from './compute-resources.ts'
import { imageRoutes } from './images.ts'
import { lookupRoutes } from './lookups.ts'
import { placeRoutes } from './places.ts'
import { roleRoutes } from './roles.ts'
import type { Route } from './route.ts'
import { serverRoutes } from './server-info.ts'
import { settingRoutes } from './settings.ts'
import { systemAndArchitectureRoutes } from './systems.ts'
import { userRoutes } from './users.ts'

/** Everything of this wire below `/api`; the API documentation is checked against it. */
export const routes: readonly Route[] = [
  ...serverRoutes,
  ...imageRoutes,
  ...computeResourceRoutes,
  ...systemAndArchitectureRoutes,
  ...placeRoutes,
  ...userRoutes,
  ...roleRoutes,
  ...lookupRoutes,
  ...settingRoutes,
]
