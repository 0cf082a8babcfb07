import { demandPermission } from '../../access.ts'
import type { Actor } from '../../actor.ts'
import { record } from '../../audit.ts'
import type { Core, Trx } from '../../core.ts'
import { mainProjectId } from '../../images/cleanup.ts'
import { logDetail, logDone } from '../../tasks/log.ts'
import { datacenterNamed, type OrderTerm } from '../datacenters/datacenter.ts'
import { demandAdmin } from '../datacenters/settings.ts'
import { findGroup, type Group, groupNotFound, groupsOf, groupTaken, selectGroups } from './group.ts'
import { nearestRole } from './permissions.ts'

/**
 * Groups in a datacenter (danube.md 4.4): their users get the role there that is nearest to what the group carries.
 * Admins of the datacenter see its groups, administrators change them. `datacenter` is a name.
 */
export function attachments({ database }: Core, changed: () => void) {
  /** @throws Failure `not-found`, `forbidden` (reason `permission`) */
  async function admitted(actor: Actor, datacenter: string): Promise<number> {
    const { id } = await datacenterNamed(database.db, actor, datacenter)
    await demandAdmin(database.db, actor, id)
    return id
  }

  async function isAttached(trx: Trx, groupId: number, projectId: number): Promise<boolean> {
    const row = await trx
      .selectFrom('role_assignments')
      .select('id')
      .where('group_id', '=', groupId)
      .where('project_id', '=', projectId)
      .limit(1)
      .executeTakeFirst()
    return row !== undefined
  }

  return {
    /** By name, descending if the only term of the order says so. @throws Failure `not-found`, `forbidden`. */
    async attached(actor: Actor, datacenter: string, order: readonly OrderTerm[]): Promise<Group[]> {
      const attachedTo = await admitted(actor, datacenter)
      const selected = selectGroups(database.db, { attachedTo }).orderBy(
        'groups.name',
        order[0]?.descending ? 'desc' : 'asc',
      )
      return groupsOf(database.db, selected, { attachedTo })
    },

    /** @throws Failure `not-found` (datacenter, or no such group attached to it), `forbidden`. */
    async viewAttached(actor: Actor, datacenter: string, name: string): Promise<Group> {
      return findGroup(database.db, name, await admitted(actor, datacenter))
    },

    /** @throws Failure `forbidden`, `not-found`, `conflict` (reason `exists`: it is attached already). */
    async attach(actor: Actor, datacenter: string, name: string): Promise<Group> {
      demandPermission(actor, 'manage-directory')
      const group = await database.transaction(async (trx) => {
        const project = await datacenterNamed(trx, actor, datacenter)
        // Of two that attach or change it at once, the second one waits here.
        if (database.engine === 'postgres')
          await trx.selectFrom('groups').select('id').where('name', '=', name).forNoKeyUpdate().execute()
        const found = await findGroup(trx, name)
        if (await isAttached(trx, found.id, project.id)) throw groupTaken(name)
        const role = nearestRole(found.permissions)
        await trx
          .insertInto('role_assignments')
          .values({ user_id: null, group_id: found.id, project_id: project.id, role })
          .execute()
        await tell(trx, actor, 'attach', 'Add user group to datacenter', found, project.name)
        return found
      })
      changed()
      return group
    },

    /** @throws Failure `forbidden`, `not-found`. */
    async detach(actor: Actor, datacenter: string, name: string): Promise<Group> {
      demandPermission(actor, 'manage-directory')
      const group = await database.transaction(async (trx) => {
        const project = await datacenterNamed(trx, actor, datacenter)
        const found = await findGroup(trx, name)
        if (!(await isAttached(trx, found.id, project.id))) throw groupNotFound(name)
        await trx
          .deleteFrom('role_assignments')
          .where('group_id', '=', found.id)
          .where('project_id', '=', project.id)
          .execute()
        await tell(trx, actor, 'detach', 'Remove user group from datacenter', found, project.name)
        return found
      })
      changed()
      return group
    },
  }
}

async function tell(
  trx: Trx,
  actor: Actor,
  action: 'attach' | 'detach',
  message: string,
  { id, name, label }: Group,
  datacenter: string,
): Promise<void> {
  const sides = action === 'attach' ? { after: { datacenter } } : { before: { datacenter } }
  await record(trx, actor, { action, kind: 'group', id: name, ...sides })
  await logDone(trx, actor, {
    message,
    detail: logDetail({ dc: datacenter }),
    object: { type: 'role', id, name, alias: label, ownerUserId: null },
    projectId: mainProjectId,
    bound: false,
  })
}
