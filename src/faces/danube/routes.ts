import { datacenterGroupRoutes } from './datacenter-groups.ts'
import { datacenterImageRoutes } from './datacenter-images.ts'
import { datacenterSettingsRoutes } from './datacenter-settings.ts'
import { datacenterRoutes } from './datacenters.ts'
import { diskRoutes } from './disks.ts'
import { groupRoutes } from './groups.ts'
import { imageRoutes } from './images.ts'
import { imagestoreRoutes } from './imagestores.ts'
import { nodeRoutes } from './nodes.ts'
import type { Route } from './route.ts'
import { snapshotImageRoutes } from './snapshot-image.ts'
import { snapshotRoutes } from './snapshots.ts'
import { taskLogRoutes } from './task-log.ts'
import { taskRoutes } from './tasks.ts'
import { userRoutes } from './users.ts'
import { vmRoutes } from './vms.ts'

/** Every route of this face but those of logging in, which need settings. */
export const routes: readonly Route[] = [
  ...imageRoutes,
  ...imagestoreRoutes,
  ...datacenterImageRoutes,
  ...taskRoutes,
  ...taskLogRoutes,
  ...datacenterRoutes,
  ...datacenterSettingsRoutes,
  ...datacenterGroupRoutes,
  ...groupRoutes,
  ...userRoutes,
  ...vmRoutes,
  ...diskRoutes,
  ...snapshotRoutes,
  ...snapshotImageRoutes,
  ...nodeRoutes,
]
