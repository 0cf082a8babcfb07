import { datacenterImageRoutes } from './datacenter-images.ts'
import { imageRoutes } from './images.ts'
import { datacenterGroupRoutes } from './datacenter-groups.ts'
import { datacenterSettingsRoutes } from './datacenter-settings.ts'
import { datacenterRoutes } from './datacenters.ts'
import { groupRoutes } from './groups.ts'
import type { Route } from './route.ts'
import { userRoutes } from './users.ts'
import { taskLogRoutes } from './task-log.ts'
import { taskRoutes } from './tasks.ts'

/** Every route of this face but those of logging in, which need settings. */
export const routes: readonly Route[] = [
  ...imageRoutes,
  ...datacenterImageRoutes,
  ...taskRoutes,
  ...taskLogRoutes,
  ...datacenterRoutes,
  ...datacenterSettingsRoutes,
  ...datacenterGroupRoutes,
  ...groupRoutes,
  ...userRoutes,
]
