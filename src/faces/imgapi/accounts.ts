import type { Actor } from '../../catalogue/actor.ts'
import { isFailure } from '../../catalogue/failure.ts'
import { uuidPattern, zeroOwner } from '../../catalogue/manifests/manifest.ts'
import type { Project } from '../../catalogue/people/projects.ts'
import { badParameter, Refusal } from './failures.ts'
import type { Context } from './route.ts'

type Asker = Pick<Context, 'query' | 'caller' | 'parts' | 'actor'>

/**
 * The account that `account=UUID` names: a project that the caller belongs to; operators may name any.
 * @throws Refusal 422
 */
export async function namedAccount({ query, caller, parts, actor }: Asker): Promise<Project | null> {
  const uuid = query.get('account')
  if (uuid === undefined) return null
  if (!uuidPattern.test(uuid)) throw badParameter('account', 'must be a lower-case UUID')
  if (caller.account === null) throw badParameter('account', 'takes credentials')
  const found = await projectWith(parts.catalogue, actor, uuid)
  if (found) return found
  throw new Refusal('AccountDoesNotExist', `account "${uuid}" does not exist`)
}

/** Who looks: the caller, or one account alone. @throws Refusal 422 */
export async function viewpoint(context: Asker): Promise<Actor> {
  const account = await namedAccount(context)
  const { actor } = context
  if (account === null) return actor
  const roles = actor.superAdmin ? new Set(['owner'] as const) : actor.roles.get(account.id)!
  return { ...actor, superAdmin: false, projectId: account.id, roles: new Map([[account.id, roles]]) }
}

/**
 * Whose a new image is: what the manifest says, else the named account, else the caller's own project.
 * @param lenient an owner who is unknown here is as good as none (`skip_owner_check`)
 * @throws Refusal 422
 */
export async function ownerFor(context: Context, owner: unknown, lenient: boolean): Promise<number | null> {
  const account = await namedAccount(context)
  const own = account?.id ?? context.actor.projectId
  // Repositories without accounts write zeros.
  if (typeof owner !== 'string' || owner === zeroOwner) return own
  const found = await projectWith(context.parts.catalogue, context.actor, owner)
  if (!found && lenient) return own
  if (!found) throw new Refusal('OwnerDoesNotExist', `owner "${owner}" does not exist`)
  if (account && account.id !== found.id)
    throw new Refusal('NotImageOwner', `account "${account.uuid}" is not owner "${owner}"`)
  return found.id
}

export async function projectWith(
  { projects }: Context['parts']['catalogue'],
  actor: Actor,
  uuid: string,
): Promise<Project | null> {
  try {
    return await projects.withUuid(actor, uuid)
  } catch (error) {
    if (isFailure(error, 'not-found')) return null
    throw error
  }
}
