import type { Resource } from '../model.ts'
import { empty, hosts } from './absent.ts'
import { computeResources } from './compute-resources.ts'
import { images } from './images.ts'
import { authSources, permissions, roles, users } from './people.ts'
import { home, ping, plugins, settings } from './server.ts'
import { architectures, operatingsystems } from './systems.ts'
import { locations, organizations } from './taxonomies.ts'

/** What the documentation tells (foreman.md 11.5). Images come first: people come for them. */
export const resources: readonly Resource[] = [
  images,
  computeResources,
  operatingsystems,
  architectures,
  organizations,
  locations,
  users,
  roles,
  permissions,
  authSources,
  settings,
  home,
  ping,
  plugins,
  hosts,
  ...empty,
]
