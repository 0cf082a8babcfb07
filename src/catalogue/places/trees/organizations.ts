import { randomUUID } from 'node:crypto'
import type { Core } from '../../core.ts'
import { fold } from '../../fold.ts'
import { mainProjectId } from '../../images/cleanup.ts'
import { releaseProject } from '../../people/datacenters/release.ts'
import { now } from '../../time.ts'
import { builtIn, demandUnused } from '../in-use.ts'
import { tree } from './operations.ts'

/** Foreman's organizations are the catalogue's projects (one-catalogue.md section 2). */
export function organizations(core: Core, changed: () => void) {
  return tree(
    core,
    {
      table: 'projects',
      subject: 'organization',

      own: async (_, actor) => (actor.superAdmin ? null : [...actor.roles.keys()]),

      async insert(trx, { name, description, parentId }) {
        const at = now()
        const { id } = await trx
          .insertInto('projects')
          .values({
            uuid: randomUUID(),
            name,
            name_fold: fold(name),
            label: name,
            description,
            access: 'private',
            enabled: 1,
            parent_id: parentId,
            owner_user_id: null,
            site: '',
            settings_json: '{}',
            created_at: at,
            updated_at: at,
          })
          .returning('id')
          .executeTakeFirstOrThrow()
        return id
      },

      // Everything that shows a project's name looks it up.
      async renamed() {},

      async release(trx, { id, name }) {
        if (id === mainProjectId) throw builtIn(name)
        await demandUnused(trx, { id, name }, { image: 'owner_id', instance: 'project_id' })
        await releaseProject(trx, id)
      },
    },
    changed,
  )
}
