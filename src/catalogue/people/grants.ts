import { demandDirectory } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Core, Query } from '../core.ts'
import { isRole, type Role } from '../roles.ts'

/** A role in a project, held by a user itself or by a group and so by all of its users: one of both is null. */
export type Grant = {
  readonly project: { readonly name: string; readonly label: string }
  readonly user: string | null
  readonly group: string | null
  readonly role: Role
}

/** Whose roles: ids, and `user` means also those that come through its groups. */
export type GrantQuestion = { readonly offset: number; readonly limit: number } & (
  | { readonly user: number }
  | { readonly group: number }
  | { readonly project: number }
)

/** Who has which role where. Administrators see all, everybody sees his own. */
export function grants({ database: { db } }: Core) {
  return {
    /** @throws Failure `forbidden` */
    async list(actor: Actor, question: GrantQuestion): Promise<{ grants: Grant[]; total: number }> {
      const isOwn = 'user' in question && question.user === actor.userId
      if (!isOwn) demandDirectory(actor)
      const { total } = await selected(db, question)
        .select((select) => select.fn.countAll<number>().as('total'))
        .executeTakeFirstOrThrow()
      // Roles of one user, group or project are some hundreds at most: they are sorted when they are asked for.
      const rows = await selected(db, question)
        .leftJoin('users', 'users.id', 'assigned.user_id')
        .leftJoin('groups', 'groups.id', 'assigned.group_id')
        .select(['projects.name', 'projects.label', 'users.username', 'groups.name as group', 'role'])
        .orderBy('projects.name_fold')
        .orderBy('users.username_fold')
        .orderBy('groups.name')
        .orderBy('assigned.id')
        .limit(question.limit)
        .offset(question.offset)
        .execute()
      const found = rows.flatMap(({ name, label, username, group, role }) =>
        isRole(role) ? [{ project: { name, label }, user: username, group, role }] : [],
      )
      return { grants: found, total: Number(total) }
    },
  }
}

function selected(db: Query, question: GrantQuestion) {
  const all = db
    .selectFrom('role_assignments as assigned')
    .innerJoin('projects', 'projects.id', 'assigned.project_id')
  if ('project' in question) return all.where('assigned.project_id', '=', question.project)
  if ('group' in question) return all.where('assigned.group_id', '=', question.group)
  const { user } = question
  return all.where((where) =>
    where.or([
      where('assigned.user_id', '=', user),
      where(
        'assigned.group_id',
        'in',
        where.selectFrom('group_users').select('group_id').where('user_id', '=', user),
      ),
    ]),
  )
}
