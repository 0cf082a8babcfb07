import type { Actor } from '../../catalogue/actor.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { mainProjectId } from '../../catalogue/images/cleanup.ts'
import type { Account } from '../../catalogue/people/users.ts'
import type { Caller } from './auth.ts'
import type { Data } from './data.ts'
import { datacenterNotFound } from './failures.ts'
import type { Datacenter, Route } from './route.ts'
import { plainText } from './scalars.ts'

/** Accounts are the same object until something changes or a second has passed, and so long is this remembered. */
const known = new WeakMap<Account, Map<number | null, Promise<Datacenter>>>()

function byId(catalogue: Catalogue, account: Account, id: number | null): Promise<Datacenter> {
  const own = known.get(account) ?? new Map<number | null, Promise<Datacenter>>()
  known.set(account, own)
  const found = own.get(id) ?? catalogue.datacenterAccess.current(id)
  own.set(id, found)
  found.catch(() => own.delete(id))
  return found
}

/** The datacenter in which a request begins: `main` on routes that know no current one, else what was chosen before. */
export function firstDatacenter(
  catalogue: Catalogue,
  { account }: Caller,
  scope: Route['scope'],
): Promise<Datacenter> {
  return byId(catalogue, account, scope === 'main' ? mainProjectId : account.defaultProjectId)
}

/**
 * The current datacenter (danube.md 4.1): the parameter `dc`, the path, or what was chosen before.
 * @throws Failure `not-found` (Datacenter not found), also for one that the caller may not enter
 */
export async function currentDatacenter(
  catalogue: Catalogue,
  caller: Caller,
  data: Data,
  prefix: string | undefined,
): Promise<Datacenter | null> {
  const said = data.dc === null || data.dc === '' ? undefined : data.dc
  if (said === undefined && prefix === undefined) return null
  const name = said === undefined ? prefix! : plainText(said)
  if (name === null) throw datacenterNotFound()
  return catalogue.datacenterAccess.accessible(caller.actor, name, caller.account.defaultProjectId)
}

/**
 * The datacenter of this name, if the caller may enter it (4.1).
 * @throws Failure `not-found`, which is answered `Datacenter not found`
 */
export function findDatacenter(
  context: {
    readonly parts: { readonly catalogue: Catalogue }
    readonly actor: Actor
    readonly account: Account | null
  },
  name: string,
): Promise<Datacenter & { readonly label: string }> {
  const { parts, actor, account } = context
  return parts.catalogue.datacenterAccess.accessible(actor, name, account?.defaultProjectId ?? null)
}
