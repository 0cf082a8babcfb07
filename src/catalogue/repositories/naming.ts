import { sql } from 'kysely'
import { demandDirectory } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Core, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import { repositoriesOf, writeSetting } from '../installation-settings.ts'
import { repositoryNotFound } from './repository.ts'

/** How repositories may be called, and how many there may be (danube.md 1.9). */
export const repositoryName = /^[a-z0-9][a-z0-9._-]*$/
export const longestRepositoryName = 32
export const mostRepositories = 16

/**
 * Names a repository. Nothing is fetched from it yet.
 * @throws Failure `forbidden`; `conflict` (reason `exists`); `invalid` with the fields `name` or `url`; `quota`
 */
export async function addRepository(
  core: Core,
  actor: Actor,
  { name, url }: { readonly name: string; readonly url: string },
): Promise<void> {
  demandDirectory(actor)
  if (!repositoryName.test(name) || name.length > longestRepositoryName)
    throw invalidName(
      `A name has lower-case letters, digits and the characters . _ -, and no more than ${longestRepositoryName} of them.`,
    )
  core.remote.demandUrl(url)
  await core.database.transaction(async (trx) => {
    const named = await lockedRepositories(trx, core)
    if (Object.hasOwn(named, name))
      throw new Failure('conflict', `There is a repository "${name}" already.`, {
        subject: 'repository',
        id: name,
        reason: 'exists',
        fields: { name: [`There is a repository "${name}" already.`] },
      })
    if (Object.keys(named).length >= mostRepositories)
      throw new Failure('quota', `There may be no more than ${mostRepositories} repositories.`, {
        subject: 'repository',
      })
    await writeSetting(trx, actor, 'repositories', { ...named, [name]: url })
  })
}

/**
 * Forgets a repository and what was read from it; images that came from it stay.
 * @throws Failure `forbidden`, `not-found`
 */
export async function removeRepository(core: Core, actor: Actor, name: string): Promise<void> {
  demandDirectory(actor)
  await core.database.transaction(async (trx) => {
    const named = await lockedRepositories(trx, core)
    if (!Object.hasOwn(named, name)) throw repositoryNotFound(name)
    const left = Object.fromEntries(Object.entries(named).filter(([other]) => other !== name))
    await writeSetting(trx, actor, 'repositories', left)
  })
}

/** Of two that change them at once, the second one waits here and then sees what the first one did. */
async function lockedRepositories(trx: Trx, { database }: Core): Promise<Readonly<Record<string, string>>> {
  if (database.engine === 'postgres')
    await sql`select pg_advisory_xact_lock(hashtextextended('repositories', 0))`.execute(trx)
  return repositoriesOf(trx)
}

function invalidName(message: string): Failure {
  return new Failure('invalid', message, { subject: 'repository', fields: { name: [message] } })
}
