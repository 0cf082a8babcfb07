import { z } from 'zod'
import { containerFormats, diskFormats, visibilities } from '../images/image.ts'
import { nodeStatuses } from '../places/instances/nodes.ts'
import { snapshotStatuses } from '../places/instances/snapshot-status.ts'
import { instanceStatuses } from '../places/instances/states.ts'
import { roleNames } from '../roles.ts'
import { parseInstant } from '../time.ts'

/** The bootstrap file (one-catalogue.md section 5), key by key. Unknown keys are mistakes and are told. */

const instant = z
  .union([z.string(), z.date()])
  .transform((value, context) => {
    const found = parseInstant(typeof value === 'string' ? value : value.toISOString())
    if (found !== null) return found
    context.addIssue({ code: 'custom', message: 'is not an ISO 8601 date' })
    return z.NEVER
  })
  .optional()
const dates = { createdAt: instant, updatedAt: instant }

const id = z.int().positive().optional()
const name = z.string().trim().min(1).max(255)
/** YAML reads `major: 5` as a number; a version is text. */
const version = z.union([z.string().max(255), z.number()]).transform(String)
const secret = z.union([z.string().min(1), z.number()]).transform(String)
const roles = z.array(z.strictObject({ project: name, role: z.enum(roleNames) }))
const uuid = z
  .string()
  .regex(/^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/, 'is not a UUID')
  .transform((text) => text.toLowerCase())

const cleanup = z.strictObject({
  enabled: z.boolean().optional(),
  days: z.int().positive().optional(),
  formats: z.array(z.enum(diskFormats)).optional(),
})

const project = z.strictObject({
  id,
  name,
  label: z.string().max(255).optional(),
  description: z.string().optional(),
  access: z.enum(['public', 'private']).optional(),
  enabled: z.boolean().optional(),
  quotaBytes: z.int().nonnegative().nullable().optional(),
  quotaImages: z.int().nonnegative().nullable().optional(),
  quotaStagedBytes: z.int().nonnegative().nullable().optional(),
  quotaUploads: z.int().nonnegative().nullable().optional(),
  cleanup: cleanup.optional(),
  ...dates,
})

const location = z.strictObject({
  id,
  name,
  description: z.string().optional(),
  default: z.boolean().optional(),
  enabled: z.boolean().optional(),
  ...dates,
})

const user = z.strictObject({
  id,
  username: name,
  password: secret.optional(),
  firstName: z.string().optional(),
  lastName: z.string().optional(),
  email: z.string().optional(),
  superAdmin: z.boolean().optional(),
  apiKey: secret.optional(),
  tokens: z.array(secret).optional(),
  /** Public keys, as lines of OpenSSH or PEM. */
  sshKeys: z.array(z.string().min(1)).optional(),
  callbackKey: secret.optional(),
  enabled: z.boolean().optional(),
  apiAccess: z.boolean().optional(),
  defaultProject: name.optional(),
  roles: roles.optional(),
  ...dates,
})

const group = z.strictObject({
  id,
  name,
  label: z.string().optional(),
  users: z.array(name).optional(),
  roles: roles.optional(),
  ...dates,
})

const architecture = z.strictObject({ id, name, ...dates })

const operatingSystem = z.strictObject({
  id,
  name,
  major: version.optional(),
  minor: version.optional(),
  description: z.string().max(255).optional(),
  family: z.string().optional(),
  ...dates,
})

const computeResource = z.strictObject({
  id,
  name,
  provider: z.string().min(1).optional(),
  url: z.string().optional(),
  description: z.string().optional(),
  username: z.string().optional(),
  password: secret.optional(),
  ...dates,
})

const registration = z.strictObject({
  id,
  computeResource: name,
  operatingSystem: name,
  architecture: name,
  name,
  uuid: z.string().min(1).max(255),
  username: z.string().optional(),
  password: secret.optional(),
  userData: z.boolean().optional(),
  iamRole: z.string().optional(),
  ...dates,
})

const node = z.strictObject({ hostname: name, status: z.enum(nodeStatuses).optional(), ...dates })

const disk = z.strictObject({
  /** MB. */
  size: z.int().nonnegative(),
  image: z.string().optional(),
  file: z.string().min(1).optional(),
  boot: z.boolean().optional(),
})

const snapshot = z.strictObject({
  name: name.max(24),
  disk: z.int().positive().optional(),
  status: z.enum(snapshotStatuses).optional(),
  note: z.string().optional(),
  /** Of an external snapshot: the file that holds the state, below the disks directory. */
  file: z.string().min(1).optional(),
  ...dates,
})

const instance = z
  .strictObject({
    uuid: uuid.optional(),
    hostname: name.optional(),
    project: name,
    owner: name.optional(),
    computeResource: name.optional(),
    location: name.optional(),
    node: name.optional(),
    status: z.enum(instanceStatuses).optional(),
    ostype: z.int().min(1).max(6).optional(),
    ips: z.array(z.string()).optional(),
    disks: z.array(disk).optional(),
    snapshots: z.array(snapshot).optional(),
    ...dates,
  })
  .refine((entry) => entry.uuid !== undefined || entry.hostname !== undefined, {
    message: 'needs uuid or hostname',
  })

const image = z.strictObject({
  uuid,
  name: z.string().max(255).optional(),
  handle: z.string().optional(),
  project: name.optional(),
  location: name.optional(),
  visibility: z.enum(visibilities).optional(),
  diskFormat: z.enum(diskFormats).optional(),
  containerFormat: z.enum(containerFormats).optional(),
  /** GB. */
  minDisk: z.int().nonnegative().optional(),
  /** MB. */
  minRam: z.int().nonnegative().optional(),
  protected: z.boolean().optional(),
  hidden: z.boolean().optional(),
  tags: z.array(z.string()).optional(),
  properties: z.record(z.string(), z.string()).optional(),
  ...dates,
})

const settings = z.strictObject({
  imageServer: z.boolean().optional(),
  repositories: z.record(z.string(), z.url({ protocol: /^https?$/ })).optional(),
})

export const bootstrapDocument = z.strictObject({
  projects: z.array(project).optional(),
  locations: z.array(location).optional(),
  users: z.array(user).optional(),
  groups: z.array(group).optional(),
  architectures: z.array(architecture).optional(),
  operatingSystems: z.array(operatingSystem).optional(),
  computeResources: z.array(computeResource).optional(),
  registrations: z.array(registration).optional(),
  nodes: z.array(node).optional(),
  instances: z.array(instance).optional(),
  images: z.array(image).optional(),
  settings: settings.optional(),
})

export type BootstrapDocument = z.infer<typeof bootstrapDocument>
export type Entry<Section extends keyof BootstrapDocument> =
  NonNullable<BootstrapDocument[Section]> extends readonly (infer E)[]
    ? E
    : NonNullable<BootstrapDocument[Section]>
