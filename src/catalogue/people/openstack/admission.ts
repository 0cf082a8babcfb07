import { isUniqueViolation } from '../../../database/dialect.ts'
import type { KeystoneToken } from '../../../keystone/token.ts'
import type { Core, Query } from '../../core.ts'
import { admitProject, admittedProject } from './admitted-project.ts'
import { admittedUser, admitUser } from './admitted-user.ts'

/** Who in the catalogue somebody with a token of an external Keystone is. */
export type Admitted = {
  readonly userId: number
  readonly username: string
  readonly projectId: number | null
  /** Neither the user nor the project is disabled here. */
  readonly enabled: boolean
}

/** Lets in the users and projects of an external Keystone, which the catalogue gets to know by their tokens. */
export function admission({ database }: Core): (token: KeystoneToken) => Promise<Admitted> {
  /** Null where something is to be written first. */
  async function present(query: Query, { user, project }: KeystoneToken): Promise<Admitted | null> {
    const [userRow] = await admittedUser(query, user)
    const [projectRow] = project ? await admittedProject(query, project) : []
    if (!userRow || isRenamed(userRow, user.name)) return null
    if (project && (!projectRow || isRenamed(projectRow, project.name))) return null
    return {
      userId: userRow.id,
      username: userRow.name,
      projectId: projectRow?.id ?? null,
      enabled: userRow.enabled === 1 && projectRow?.enabled !== 0,
    }
  }

  async function made(token: KeystoneToken): Promise<Admitted> {
    return database.transaction(async (trx) => {
      await admitUser(trx, token.user)
      if (token.project) await admitProject(trx, token.project)
      return (await present(trx, token))!
    })
  }

  return async (token) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return (await present(database.db, token)) ?? (await made(token))
      } catch (error) {
        // Somebody else made the same one at this moment.
        if (attempt === 3 || !isUniqueViolation(error)) throw error
      }
    }
  }
}

/** What has its name from Keystone follows it; what was here before keeps its own. */
function isRenamed(
  { keystone_name: known }: { readonly keystone_name: string | null },
  name: string,
): boolean {
  return known !== null && known !== name
}
