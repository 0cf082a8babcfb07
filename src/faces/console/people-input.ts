import { z } from 'zod'
import { name, pageQuery, password, roles, text } from './input.ts'

/** What requests about people may say. */

export const userQuery = pageQuery.extend({
  search: text.optional(),
  enabled: z.stringbool().optional(),
  superAdmin: z.stringbool().optional(),
  group: name.optional(),
})

export const projectQuery = pageQuery.extend({ search: text.optional(), enabled: z.stringbool().optional() })

export const groupQuery = pageQuery.extend({ search: text.optional() })

/** Of one of them. */
export const grantQuery = pageQuery
  .extend({ user: name.optional(), group: name.optional(), project: name.optional() })
  .refine(({ user, group, project }) => [user, group, project].filter(Boolean).length === 1, {
    message: 'names one of user, group and project',
  })

const names = z.array(name).max(1000)
const groupFacts = {
  label: text.optional(),
  addUsers: names.optional(),
  removeUsers: names.optional(),
  grant: roles.optional(),
  revoke: roles.optional(),
}
export const groupChange = z.strictObject(groupFacts)
export const groupDraft = z.strictObject({ ...groupFacts, name })

export const passwordChange = z.strictObject({ old: z.string().max(1024), password })
