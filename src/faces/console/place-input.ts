import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { attributeNames } from '../../catalogue/places/compute-resources/resource.ts'
import { providers } from '../../catalogue/places/compute-resources/rules.ts'
import { families } from '../../catalogue/places/systems/rules.ts'
import { idOf, pageQuery } from './input.ts'

/** What requests about places may say; how long a text may be and what it may contain is the catalogue's to judge. */

const text = z.string().max(10_000)
const wanted = z.string().max(255)
const id = z.int().positive()
const ids = z.array(id).max(10_000)
const queryId = z.coerce.number().int().positive()

/** The first is the usual order; each descends with `-` before it. */
function sortable<T extends string>(...fields: [T, ...T[]]) {
  const both = fields.flatMap((field) => [field, `-${field}` as const])
  return z.enum(both as [T, ...(T | `-${T}`)[]]).default(fields[0] as never)
}

const page = { ...pageQuery.shape, limit: z.coerce.number().int().positive().max(100).default(20) }
const searched = { ...page, search: wanted.optional() }

export const placeQuery = z.strictObject(searched)

export const computeResourceQuery = z.strictObject({
  ...searched,
  provider: z.enum(['Catalogue', ...providers]).optional(),
  sort: sortable('name', 'provider'),
})

const computeResourceFacts = {
  name: text.optional(),
  url: text.nullable().optional(),
  description: text.nullable().optional(),
  username: text.nullable().optional(),
  password: text.nullable().optional(),
  attributes: z.partialRecord(z.enum(attributeNames), z.union([text, z.boolean(), z.null()])).optional(),
  projectIds: ids.optional(),
  locationIds: ids.optional(),
}
export const computeResourcePatch = z.strictObject(computeResourceFacts)
export const computeResourceDraft = z.strictObject({ ...computeResourceFacts, provider: text.optional() })

export const registrationQuery = z.strictObject({
  ...searched,
  computeResource: queryId.optional(),
  operatingSystem: queryId.optional(),
  architecture: queryId.optional(),
  sort: sortable('name', 'username'),
})

export const registrationPatch = z.strictObject({
  name: text.optional(),
  uuid: text.optional(),
  username: text.optional(),
  password: text.nullable().optional(),
  operatingSystemId: id.optional(),
  architectureId: id.optional(),
  userData: z.boolean().optional(),
  iamRole: text.nullable().optional(),
})

export const systemQuery = z.strictObject({
  ...searched,
  family: z.enum(families).optional(),
  architecture: queryId.optional(),
  sort: sortable('title', 'family'),
})

export const systemPatch = z.strictObject({
  name: text.optional(),
  major: text.optional(),
  minor: text.optional(),
  description: text.nullable().optional(),
  family: text.nullable().optional(),
  releaseName: text.nullable().optional(),
  passwordHash: text.nullable().optional(),
  architectureIds: ids.optional(),
})

export const architectureQuery = z.strictObject({
  ...searched,
  operatingSystem: queryId.optional(),
  sort: sortable('name'),
})

export const architecturePatch = z.strictObject({
  name: text.optional(),
  operatingSystemIds: ids.optional(),
})

/** A number of a path; what is none is 0, which nothing has. */
export const numberOf = (written: string): number => (/^\d{1,15}$/.test(written) ? Number(written) : 0)
export const placeIdOf = (request: FastifyRequest): number => numberOf(idOf(request))
