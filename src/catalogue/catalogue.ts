import { audit } from './audit.ts'
import { bytes } from './bytes/bytes.ts'
import { verification } from './bytes/verification.ts'
import type { Core } from './core.ts'
import { attachments } from './images/attachments.ts'
import { images } from './images/images.ts'
import { imports } from './images/imports.ts'
import { members } from './images/members.ts'
import { revisions } from './images/revisions.ts'
import { accounts } from './people/accounts/accounts.ts'
import { directory } from './people/directory.ts'
import { projects } from './people/projects.ts'
import { users } from './people/users.ts'
import { computeResources } from './places/compute-resources/compute-resources.ts'
import { instances } from './places/instances.ts'
import { locations } from './places/locations.ts'
import { registrations } from './places/registrations/registrations.ts'
import { architectures } from './places/systems/architectures.ts'
import { systems } from './places/systems/systems.ts'
import { organizations } from './places/trees/organizations.ts'
import { statistics } from './statistics.ts'
import { tasks } from './tasks/tasks.ts'

/** Everything a face can ask for: one group of operations per noun. */
export function catalogueOf(core: Core) {
  const people = users(core)
  return {
    /** Changes with every write, or null where that cannot be told; see `OpenedDatabase.version`. */
    version: () => core.database.version(),
    accounts: accounts(core, people.forget),
    architectures: architectures(core),
    attachments: attachments(core),
    audit: audit(core),
    bytes: bytes(core),
    computeResources: computeResources(core),
    directory: directory(core, people.forget),
    images: images(core),
    imports: imports(core),
    instances: instances(core),
    locations: locations(core, people.forget),
    members: members(core),
    organizations: organizations(core, people.forget),
    projects: projects(core),
    registrations: registrations(core),
    revisions: revisions(core),
    statistics: statistics(core),
    systems: systems(core),
    tasks: tasks(core),
    users: people,
    verification: verification(core),
  }
}
export type Catalogue = ReturnType<typeof catalogueOf>
