import { audit } from './audit.ts'
import { bytes } from './bytes/bytes.ts'
import { quotas } from './bytes/quota.ts'
import { transferSlots } from './bytes/slots.ts'
import { stores } from './bytes/stores.ts'
import { verification } from './bytes/verification.ts'
import type { Core } from './core.ts'
import { events } from './events/events.ts'
import { health } from './health.ts'
import { imageServer } from './image-server.ts'
import { attachments } from './images/attachments.ts'
import { foreignImages } from './images/foreign.ts'
import { snapshotImages } from './images/from-snapshot.ts'
import { images } from './images/images.ts'
import { imports } from './images/imports.ts'
import { imageLocations } from './images/locations/locations.ts'
import { managedImages } from './images/managed.ts'
import { members } from './images/members.ts'
import { openstackMembers } from './images/openstack-members.ts'
import { provenance } from './images/provenance.ts'
import { revisions } from './images/revisions.ts'
import { storeImports } from './images/store-imports/imports.ts'
import { storeRemoval } from './images/store-removal.ts'
import { metadefs } from './metadefs/metadefs.ts'
import { overview } from './overview.ts'
import { accounts } from './people/accounts/accounts.ts'
import { danubeUsers } from './people/danube-users/users.ts'
import { datacenterRoles } from './people/datacenter-roles.ts'
import { datacenters } from './people/datacenters/datacenters.ts'
import { datacenterSettings } from './people/datacenters/settings.ts'
import { datacenterAccess } from './people/datacenters-access.ts'
import { directory } from './people/directory.ts'
import { grants } from './people/grants.ts'
import { groups } from './people/groups/groups.ts'
import { loginTokens } from './people/login-tokens.ts'
import { memory } from './people/memory.ts'
import { openstack } from './people/openstack/openstack.ts'
import { projects } from './people/projects.ts'
import { sshKeys } from './people/ssh-keys.ts'
import { users } from './people/users.ts'
import { computeResources } from './places/compute-resources/compute-resources.ts'
import { disks } from './places/instances/disks.ts'
import { instances } from './places/instances/instances.ts'
import { instanceLists } from './places/instances/lists.ts'
import { liveResources } from './places/instances/live.ts'
import { nodes } from './places/instances/nodes.ts'
import { snapshots } from './places/instances/snapshots.ts'
import { instanceStates } from './places/instances/states.ts'
import { locations } from './places/locations.ts'
import { registrations } from './places/registrations/registrations.ts'
import { architectures } from './places/systems/architectures.ts'
import { systems } from './places/systems/systems.ts'
import { organizations } from './places/trees/organizations.ts'
import { acls } from './publications/acl.ts'
import { publicationFetches } from './publications/fetches.ts'
import { icons } from './publications/icons.ts'
import { publications } from './publications/publications.ts'
import { publicationViews } from './publications/views.ts'
import { repositories } from './repositories/repositories.ts'
import { statistics } from './statistics.ts'
import { callbacks } from './tasks/callbacks.ts'
import { datacenterTasks } from './tasks/datacenter-tasks.ts'
import { taskHistory } from './tasks/history.ts'
import { imageTasks } from './tasks/image-tasks.ts'
import { taskNames } from './tasks/names.ts'
import { tasks } from './tasks/tasks.ts'
import { uploads } from './uploads/uploads.ts'

/** Everything a face can ask for: one group of operations per noun. */
export function catalogueOf(core: Core) {
  const remembered = memory(core)
  const people = users(core, remembered)
  const live = liveResources(core)
  const slots = transferSlots(core.settings.maxUploads)
  const held = bytes(core, slots)
  const pictured = images(core)
  return {
    /** Changes with every write, or null where that cannot be told; see `OpenedDatabase.version`. */
    version: () => core.database.version(),
    accounts: accounts(core, people.forget),
    acls: acls(core),
    architectures: architectures(core),
    attachments: attachments(core),
    audit: audit(core),
    bytes: held,
    callbacks: callbacks(core),
    computeResources: computeResources(core),
    datacenterAccess: datacenterAccess(core),
    datacenterRoles: datacenterRoles(core),
    datacenterTasks: datacenterTasks(core),
    danubeUsers: danubeUsers(core, people.forget),
    datacenters: datacenters(core, people.forget),
    datacenterSettings: datacenterSettings(core),
    directory: directory(core, people.forget),
    disks: disks(core, live),
    events: events(core, remembered),
    foreignImages: foreignImages(core),
    grants: grants(core),
    groups: groups(core, people.forget),
    health: health(core),
    imageLocations: imageLocations(core),
    imageServer: imageServer(core),
    icons: icons(core),
    images: pictured,
    imageTasks: imageTasks(core, pictured.view),
    imports: imports(core),
    instanceLists: instanceLists(core, live),
    instances: instances(core, live),
    instanceStates: instanceStates(core, live),
    liveResources: live,
    locations: locations(core, people.forget),
    loginTokens: loginTokens(core, people.forget),
    managedImages: managedImages(core),
    members: members(core),
    metadefs: metadefs(core),
    nodes: nodes(core),
    openstackMembers: openstackMembers(core),
    openstack: openstack(core, remembered, people.byPassword),
    overview: overview(core),
    organizations: organizations(core, people.forget),
    projects: projects(core),
    provenance: provenance(core),
    publicationFetches: publicationFetches(core),
    publications: publications(core, held),
    publicationViews: publicationViews(core, { view: pictured.view, serve: held.serve }),
    quotas: quotas(core),
    registrations: registrations(core),
    revisions: revisions(core),
    repositories: repositories(core),
    snapshotImages: snapshotImages(core, live),
    snapshots: snapshots(core, live),
    sshKeys: sshKeys(core, people.byId),
    statistics: statistics(core),
    storeImports: storeImports(core),
    storeRemoval: storeRemoval(core),
    stores: stores(core),
    systems: systems(core),
    taskHistory: taskHistory(core),
    taskNames: taskNames(core),
    tasks: tasks(core),
    uploads: uploads(core, slots),
    users: people,
    verification: verification(core),
  }
}
export type Catalogue = ReturnType<typeof catalogueOf>
