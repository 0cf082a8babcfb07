import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { Failure } from '../../catalogue/failure.ts'
import { imageTypes, statuses, visibilities } from '../../catalogue/images/image.ts'
import { roleNames } from '../../catalogue/roles.ts'

/** What requests may say. Unknown keys are mistakes and are told. What values mean is the catalogue's to judge. */

/** @throws Failure `invalid` with `detail.fields` */
export function read<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value ?? {})
  if (parsed.success) return parsed.data
  const fields = new Map<string, string[]>()
  for (const issue of parsed.error.issues) {
    const paths =
      issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path]
    const message = issue.code === 'unrecognized_keys' ? 'is not a known key' : issue.message
    for (const path of paths) {
      const name = path.join('.') || 'body'
      fields.set(name, [...(fields.get(name) ?? []), message])
    }
  }
  const told = [...fields].map(([name, messages]) => `${name}: ${messages.join(', ')}`)
  const detail = { fields: Object.fromEntries(fields) }
  throw new Failure('invalid', `The request is not valid. ${told.join('; ')}`, detail)
}

export const idOf = (request: FastifyRequest): string => (request.params as { id: string }).id

export const text = z.string().max(255)
export const name = z.string().trim().min(1).max(255)
export const password = z.string().min(1).max(1024)

const description = {
  name: text.optional(),
  project: name.optional(),
  visibility: z.enum(visibilities).optional(),
  region: name.optional(),
  diskFormat: text.nullable().optional(),
  containerFormat: text.nullable().optional(),
  minDisk: z.int().optional(),
  minRam: z.int().optional(),
  protected: z.boolean().optional(),
  hidden: z.boolean().optional(),
  tags: z.array(text).optional(),
}

const draft = {
  ...description,
  uuid: text.optional(),
  handle: text.optional(),
  properties: z.record(z.string(), z.string()).optional(),
}

export const imageDraft = z.strictObject(draft)

export const imagePatch = z.strictObject({
  ...description,
  addTags: z.array(text).optional(),
  removeTags: z.array(text).optional(),
  properties: z.record(z.string(), z.string().nullable()).optional(),
})

const hex = (digits: number) =>
  z
    .string()
    .regex(new RegExp(`^[0-9a-fA-F]{${digits}}$`), `must be ${digits} hexadecimal digits`)
    .transform((value) => value.toLowerCase())
    .optional()
export const digests = { md5: hex(32), sha1: hex(40), sha256: hex(64), sha512: hex(128) }
export const expectedDigest = z.strictObject(digests)

export const imageImport = z.strictObject({ ...draft, ...digests, url: z.string().min(1) })

const page = {
  offset: z.coerce.number().int().nonnegative().max(1_000_000_000).default(0),
  limit: z.coerce.number().int().positive().max(1000).default(50),
}
export const pageQuery = z.strictObject(page)

export const imageQuery = z.strictObject({
  ...page,
  search: text.optional(),
  status: z.enum(statuses).optional(),
  visibility: z.enum(visibilities).optional(),
  project: name.optional(),
  format: text.optional(),
  tag: text.optional(),
  type: z.enum(imageTypes).optional(),
  /** Common name of an operating system, as in the property `os_distro`. */
  os: text.optional(),
  /** Field names, separated by commas, each with `-` before it for the other direction. */
  sort: text.optional(),
})

export const historyQuery = z.strictObject({
  before: z.coerce.number().int().positive().optional(),
  limit: page.limit,
})

export const sessionDraft = z.strictObject({ username: text.min(1), password })

export const roles = z.array(z.strictObject({ project: name, role: z.enum(roleNames) }))
const userFacts = {
  password: password.optional(),
  firstName: text.optional(),
  lastName: text.optional(),
  email: text.optional(),
  superAdmin: z.boolean().optional(),
  enabled: z.boolean().optional(),
  apiAccess: z.boolean().optional(),
  defaultProject: name.optional(),
  grant: roles.optional(),
  revoke: roles.optional(),
}
export const userChange = z.strictObject(userFacts)
export const userDraft = z.strictObject({ ...userFacts, username: name })

const projectFacts = {
  label: text.optional(),
  description: z.string().max(10_000).optional(),
  access: z.enum(['public', 'private']).optional(),
  enabled: z.boolean().optional(),
  quotaBytes: z.int().nonnegative().nullable().optional(),
  quotaImages: z.int().nonnegative().nullable().optional(),
  quotaStagedBytes: z.int().nonnegative().nullable().optional(),
  quotaUploads: z.int().nonnegative().nullable().optional(),
}
export const projectChange = z.strictObject(projectFacts)
/** Those that are given next must have room behind it. */
const projectId = z
  .int()
  .positive()
  .max(2 ** 31 - 1)
export const projectDraft = z.strictObject({ ...projectFacts, name, id: projectId.optional() })

const hundredYears = 100 * 366 * 24 * 60 * 60

export const tokenDraft = z.strictObject({
  label: text.optional(),
  lifeSeconds: z.int().positive().max(hundredYears).nullable().optional(),
  networks: z.array(text).max(100).optional(),
})

export const applyQuery = z.strictObject({ file: text.default('bootstrap file') })
