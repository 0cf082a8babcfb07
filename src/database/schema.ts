import type { Generated, Updateable } from 'kysely'

/**
 * The tables, as Kysely sees them. The same on SQLite and PostgreSQL.
 *
 * Conventions: instants are integers, microseconds since 1970 UTC (Danube shows microseconds, Foreman milliseconds);
 * booleans are 0 or 1; `…_json` columns hold JSON text whose key order is kept; `…_fold` columns hold the
 * case-folded text of another fact, so that both engines compare and sort it alike through an index.
 */
export type Instant = number
export type Bit = 0 | 1

export interface ProjectsTable {
  id: Generated<number>
  uuid: string
  name: string
  name_fold: string
  label: string
  description: string
  access: 'public' | 'private'
  enabled: Bit
  parent_id: number | null
  owner_user_id: number | null
  site: string
  /** Limits and per-project choices, e.g. `{ "quotaBytes": …, "cleanup": { … } }`. */
  settings_json: string
  /** How an external Keystone calls it; null: by its uuid, without hyphens. */
  keystone_id: string | null
  /** The name it has there, where `name` was made of that and follows it. */
  keystone_name: string | null
  created_at: Instant
  updated_at: Instant
}

export interface LocationsTable {
  id: Generated<number>
  name: string
  name_fold: string
  description: string
  parent_id: number | null
  enabled: Bit
  is_default: Bit
  created_at: Instant
  updated_at: Instant
}

export interface UsersTable {
  id: Generated<number>
  uuid: string
  username: string
  username_fold: string
  first_name: string
  last_name: string
  email: string
  description: string
  super_admin: Bit
  enabled: Bit
  api_access: Bit
  default_project_id: number | null
  /** Encrypted; signs Danube task callbacks. */
  callback_key: string | null
  settings_json: string
  /** Both as in projects. */
  keystone_id: string | null
  keystone_name: string | null
  last_login_at: Instant | null
  created_at: Instant
  updated_at: Instant
}

export type CredentialKind =
  | 'password'
  | 'api-key'
  | 'token'
  | 'session'
  | 'danube-token'
  | 'ssh-key'
  | 'identity-token'
  | 'application-credential'

export interface CredentialsTable {
  id: Generated<number>
  user_id: number
  kind: CredentialKind
  /** By which it is found: keyed digest of a token or key, the id of an application credential; null for passwords. */
  lookup: string | null
  /** argon2id, for passwords and other secrets people choose. */
  hash: string | null
  label: string
  project_id: number | null
  /** What else the kind needs, e.g. roles of an application credential, allowed networks of a token. */
  data_json: string
  created_at: Instant
  expires_at: Instant | null
  last_used_at: Instant | null
}

export interface GroupsTable {
  id: Generated<number>
  name: string
  name_fold: string
  label: string
  bound_project_id: number | null
  /** Danube's permissions of the group; null: what its roles say. */
  permissions_json: string | null
  created_at: Instant
  updated_at: Instant
}

export interface GroupUsersTable {
  group_id: number
  user_id: number
}

export interface RoleAssignmentsTable {
  id: Generated<number>
  user_id: number | null
  group_id: number | null
  /** Null: in every project (only `admin`). */
  project_id: number | null
  role: string
}

/** Which locations a user belongs to (foreman.md 6.3). */
export interface UserLocationsTable {
  user_id: number
  location_id: number
}

/** Projects that a user belongs to without a role, which Foreman knows; where it has roles, they say so as well. */
export interface UserProjectsTable {
  user_id: number
  project_id: number
}

/** Which locations an organization has (foreman.md 9.4). */
export interface ProjectLocationsTable {
  project_id: number
  location_id: number
}

export interface ArchitecturesTable {
  id: Generated<number>
  name: string
  created_at: Instant
  updated_at: Instant
}

export interface OperatingSystemsTable {
  id: Generated<number>
  name: string
  major: string
  minor: string
  description: string | null
  family: string | null
  release_name: string | null
  password_hash: string
  /** What Foreman calls the title: the description, or `name major.minor`. */
  title: string
  title_fold: string
  created_at: Instant
  updated_at: Instant
}

export interface OperatingSystemArchitecturesTable {
  operating_system_id: number
  architecture_id: number
}

export interface ComputeResourcesTable {
  id: Generated<number>
  name: string
  name_fold: string
  provider: string
  url: string | null
  description: string | null
  username: string | null
  /** Encrypted. */
  password: string | null
  /** Provider-specific attributes (region, tenant, display type, …). */
  attributes_json: string
  created_at: Instant
  updated_at: Instant
}

export interface ComputeResourcePlacesTable {
  compute_resource_id: number
  project_id: number | null
  location_id: number | null
}

export interface RegistrationsTable {
  id: Generated<number>
  compute_resource_id: number
  operating_system_id: number
  architecture_id: number
  name: string
  name_fold: string
  uuid: string
  username: string
  username_fold: string
  /** Encrypted. */
  password: string | null
  user_data: Bit | null
  iam_role: string | null
  /** The catalogue image that `uuid` names. */
  image_seq: number | null
  /** 1: made by the image itself when it became active, and follows it (one-catalogue.md 4.9). */
  automatic: Bit
  created_at: Instant
  updated_at: Instant
}

export interface NodesTable {
  hostname: string
  status: string
  created_at: Instant
  updated_at: Instant
}

export interface InstancesTable {
  uuid: string
  hostname: string
  hostname_fold: string
  project_id: number
  owner_user_id: number | null
  compute_resource_id: number | null
  location_id: number | null
  node: string | null
  status: string
  ostype: number
  ips_json: string
  /** Danube definition facts (vcpus, ram, …). */
  definition_json: string
  /** Its compute resource reports it now. */
  live: Generated<Bit>
  /** It was entered because its compute resource reported it, and goes when that does no more. */
  discovered: Generated<Bit>
  created_at: Instant
  updated_at: Instant
}

export interface DisksTable {
  instance_uuid: string
  /** 1-based, as Danube counts. */
  number: number
  /** MB. */
  size: number
  image_uuid: string | null
  /** Name below IMAGEPORT_DISKS_DIR. */
  file: string | null
  boot: Bit
}

export interface SnapshotsTable {
  id: Generated<number>
  instance_uuid: string
  disk: number
  name: string
  note: string
  /** 1 automatic, 2 manual (Danube). */
  type: number
  status: string
  /** Bytes. */
  size: number
  /** Name below IMAGEPORT_DISKS_DIR of an external snapshot; null: the snapshot is inside of the disk's own file. */
  file: string | null
  created_at: Instant
  updated_at: Instant
}

export interface ImagesTable {
  /** The integer sequence number of one-catalogue.md section 2. */
  seq: Generated<number>
  uuid: string
  handle: string
  name: string
  status: string
  /** Danube's database-only import: the bytes are kept elsewhere. */
  external: Bit
  visibility: string
  owner_id: number | null
  creator_id: number | null
  location_id: number | null
  disk_format: string | null
  container_format: string | null
  /** Bytes. */
  size: number | null
  /** Bytes. */
  virtual_size: number | null
  md5: string | null
  sha1: string | null
  sha256: string | null
  sha512: string | null
  blob_id: string | null
  /** GB. */
  min_disk: number
  /** MB. */
  min_ram: number
  protected: Bit
  hidden: Bit
  tags_json: string
  properties_json: string
  version: string | null
  resize: Bit | null
  deploy: Bit | null
  /** Danube's dc_bound pointer is the owner project when 1. */
  bound: Bit
  /** The owner project is among the datacenters it is attached to. */
  attached: Bit
  /** Danube's access 4, written while there are no bytes yet: they are deactivated as soon as they arrive. */
  withdrawn: Bit
  /** The IMGAPI manifest it was imported from. */
  manifest_json: string | null
  /** Its automatic registration was deleted through Foreman, which is remembered. */
  unregistered: Bit
  /** Why it is `killed`, or why the last transfer failed. */
  failure: string | null
  /** What an import into stores says of itself (glance.md 13.3); null: there was none. */
  import_json: string | null
  created_at: Instant
  updated_at: Instant
  deleted_at: Instant | null
  published_at: Instant | null
  // Derived facts below: written with every save by catalogue/image-row.ts, never by hand.
  name_fold: string
  tags_fold_json: string
  label_fold: string
  type: string
  os_distro_fold: string | null
  os_version_fold: string | null
  architecture_fold: string | null
  hypervisor_type_fold: string | null
  region_fold: string
  instance_uuid: string | null
  volume_snapshot_uuid: string | null
  guest_agent: Bit
  search_text: string
  cleanup_at: Instant | null
  /** In how many stores its project has put it: what it counts against a quota. */
  copies: number
  imgapi_name: string
  imgapi_type: string
  imgapi_os: string
  // Generated by the database.
  deleted: Generated<Bit>
  stage: Generated<string>
}

/** Kept by triggers: an index of the tags in images.tags_json. */
export interface ImageTagsTable {
  image_seq: number
  tag: string
  tag_fold: string
}

/** Kept by triggers: an index of images.properties_json. */
export interface ImagePropertiesTable {
  image_seq: number
  name: string
  value: string
}

/** Kept by triggers: what of images.manifest_json lists are filtered by. */
export interface ImageManifestFactsTable {
  image_seq: number
  kind: 'tag' | 'billing_tag' | 'channel' | 'origin'
  name: string
  value: string
}

export interface ImageIconsTable {
  image_seq: number
  media_type: string
  content: Uint8Array
}

/** Kept by triggers: how many images and bytes there are, so that no list and no quota has to count rows. */
export interface ImageCountsTable {
  /** 0 for images without an owner. */
  owner_id: number
  visibility: string
  status: string
  hidden: Bit
  images: number
  bytes: number
}

export interface ImageMembersTable {
  image_seq: number
  project_id: number
  status: 'pending' | 'accepted' | 'rejected'
  created_at: Instant
  updated_at: Instant
}

/** Members that are no project of this catalogue (yet). */
export interface ImageStrangersTable {
  image_seq: number
  member_id: string
  status: 'pending' | 'accepted' | 'rejected'
  created_at: Instant
  updated_at: Instant
}

/** Where the bytes of an image are kept outside of the stores. */
export interface ImageLocationsTable {
  image_seq: number
  /** From 0 on, in the order in which they are shown. */
  place: number
  url: string
  metadata_json: string
}

export interface BlobsTable {
  id: string
  size: number
  md5: string
  sha1: string
  sha256: string | null
  sha512: string
  created_at: Instant
}

/** Which stores hold a blob. */
export interface BlobPlacesTable {
  blob_id: string
  store: string
  /** Under which the store keeps it. */
  key: string
  created_at: Instant
}

/** A transfer into an image that is under way; its process is gone when the image must be put right. */
export interface TransfersTable {
  image_seq: number
  process_id: string
  blob_id: string
  store: string
  /** The status that a broken transfer leaves behind: `killed` or `queued` (or gone: `deleted`). */
  fallback: string
  started_at: Instant
}

/** The bytes of an image that are sent piece by piece, over several requests. */
export interface UploadsTable {
  id: string
  user_id: number | null
  /** The project that the image belongs to. */
  owner_id: number | null
  /** The image that it fills, or that it will make. */
  image_uuid: string
  /** The description of the image that it makes when it is complete; null: the image is there. */
  draft_json: string | null
  /** What the sender said of it, in the words of its wire. */
  metadata: string
  /** Bytes, in all and so far. */
  length: number
  received: number
  /** What puts the parts together; null until all bytes are there. */
  task_id: string | null
  created_at: Instant
  expires_at: Instant
}

/** What has arrived of an upload. */
export interface UploadPartsTable {
  upload_id: string
  /** The position of its first byte. */
  start: number
  size: number
  store: string
  /** Under which the store keeps it. */
  key: string
}

/** Running processes; one that misses its heartbeat has lost its leases. */
export interface ProcessesTable {
  id: string
  started_at: Instant
  lease_until: Instant
}

export interface TasksTable {
  id: string
  kind: string
  image_uuid: string | null
  subject: string | null
  payload_json: string
  state: string
  /** Bytes, or steps. */
  progress: number
  progress_total: number | null
  result_json: string | null
  failure: string | null
  attempts: number
  max_attempts: number
  run_after: Instant
  process_id: string | null
  cancel_requested: Bit
  user_id: number | null
  project_id: number | null
  /** Who owned the thing it works on when it was begun. */
  owner_user_id: number | null
  /** Who is to be told of its end: `{ "url": …, "method": … }`. */
  callback_json: string | null
  face: string
  request_id: string | null
  created_at: Instant
  started_at: Instant | null
  finished_at: Instant | null
}

/** What people read about tasks (danube.md 2.5): a row when one is accepted, another when it ends. */
export interface TaskLogTable {
  id: Generated<number>
  at: Instant
  /** Of `tasks`, which may be forgotten by now; of nothing for work that was done at once. */
  task_id: string
  /** 1: done at once, there never was a task. */
  dummy: Bit
  state: string
  user_id: number | null
  username: string
  owner_user_id: number | null
  project_id: number
  /** 1: the work belongs to the datacenter `project_id`; 0: to none of them. */
  bound: Bit
  object_type: string
  object_id: string
  object_name: string
  object_alias: string
  message: string
  detail: string
  flag: number
}

/** A remote IMGAPI repository, and when it was last asked. */
export interface RepositoriesTable {
  name: string
  url: string
  refreshed_at: Instant | null
  image_count: number
  failure: string | null
  /** Somebody is asking it; another may try after this instant. */
  refreshing_until: Instant | null
}

export interface RepositoryImagesTable {
  repository: string
  uuid: string
  /** `published_at` in a form that sorts; empty: it is none. */
  published: string
  manifest_json: string
  /** What lists are searched and sorted by (catalogue/repositories/offer-facts.ts), cut where it is very long. */
  name_fold: string
  type: string
  os: string
  search_text: string
  /** Bytes of the file; 0: unknown. */
  size: number
}

/** A family of metadata definitions (glance.md section 21). */
export interface MetadefNamespacesTable {
  id: Generated<number>
  name: string
  display_name: string | null
  description: string | null
  visibility: 'public' | 'private'
  protected: Bit
  owner_id: number | null
  created_at: Instant
  updated_at: Instant
}

/** What a namespace holds: things of four kinds that are alike in everything but their definition. */
export interface MetadefEntriesTable {
  id: Generated<number>
  namespace_id: number
  kind: 'association' | 'property' | 'object' | 'tag'
  /** Unique in its namespace and kind; of an association the name of the resource type. */
  name: string
  definition_json: string
  created_at: Instant
  updated_at: Instant
}

/** What metadata can be hung on. */
export interface MetadefResourceTypesTable {
  id: Generated<number>
  name: string
  created_at: Instant
  updated_at: Instant
}

export interface AuditTable {
  id: Generated<number>
  at: Instant
  user_id: number | null
  username: string
  project_id: number | null
  face: string
  request_id: string | null
  action: string
  subject_kind: string
  subject_id: string
  before_json: string | null
  after_json: string | null
}

export interface SettingsTable {
  name: string
  value_json: string
}

export interface Database {
  projects: ProjectsTable
  locations: LocationsTable
  users: UsersTable
  credentials: CredentialsTable
  groups: GroupsTable
  group_users: GroupUsersTable
  role_assignments: RoleAssignmentsTable
  user_locations: UserLocationsTable
  user_projects: UserProjectsTable
  project_locations: ProjectLocationsTable
  architectures: ArchitecturesTable
  operating_systems: OperatingSystemsTable
  operating_system_architectures: OperatingSystemArchitecturesTable
  compute_resources: ComputeResourcesTable
  compute_resource_places: ComputeResourcePlacesTable
  registrations: RegistrationsTable
  nodes: NodesTable
  instances: InstancesTable
  disks: DisksTable
  snapshots: SnapshotsTable
  images: ImagesTable
  image_tags: ImageTagsTable
  image_properties: ImagePropertiesTable
  image_manifest_facts: ImageManifestFactsTable
  image_icons: ImageIconsTable
  image_counts: ImageCountsTable
  image_members: ImageMembersTable
  image_strangers: ImageStrangersTable
  image_locations: ImageLocationsTable
  blobs: BlobsTable
  blob_places: BlobPlacesTable
  transfers: TransfersTable
  uploads: UploadsTable
  upload_parts: UploadPartsTable
  processes: ProcessesTable
  tasks: TasksTable
  task_log: TaskLogTable
  repositories: RepositoriesTable
  repository_images: RepositoryImagesTable
  metadef_namespaces: MetadefNamespacesTable
  metadef_entries: MetadefEntriesTable
  metadef_resource_types: MetadefResourceTypesTable
  audit: AuditTable
  settings: SettingsTable
}

export type ImageChange = Updateable<ImagesTable>
