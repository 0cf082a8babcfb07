import type { Trx } from '../../core.ts'
import { Failure } from '../../failure.ts'
import { blank, fixed, isBlank, isTooLong, taken, tooLong, violations } from '../violations.ts'
import { attributeNames, type ComputeResource, type ResourceAttributes } from './resource.ts'

/** What a caller may say of a compute resource. */
export type ComputeResourceFacts = {
  readonly name: string | null
  readonly provider: string | null
  readonly url: string | null
  readonly description: string | null
  readonly username: string | null
  readonly password: string | null
  readonly attributes: ResourceAttributes
}
export type ComputeResourcePatch = Partial<
  ComputeResourceFacts & {
    readonly organizationIds: readonly number[]
    readonly locationIds: readonly number[]
  }
>

/** The providers that can be made; `Catalogue` is there once, from the first start. */
export const providers = ['Libvirt', 'Ovirt', 'EC2', 'Vmware', 'Openstack', 'GCE'] as const
/** Those that are reached by their URL. */
const byUrl: ReadonlySet<string> = new Set(['Libvirt', 'Ovirt', 'Openstack'])

/** What decides nothing about where the resource is or who may use it: its own managers may change it. */
const harmless: ReadonlySet<string> = new Set([
  'caching_enabled',
  'display_type',
  'keyboard_layout',
  'set_console_password',
])

/**
 * The provider by its name, in any case of letters.
 * @throws Failure `invalid` (reason `provider-missing` or `provider`; foreman.md 5.1)
 */
export function demandProvider(name: string | null | undefined): string {
  if (isBlank(name)) throw new Failure('invalid', 'must provide a provider', { reason: 'provider-missing' })
  const found = providers.find((provider) => provider.toLowerCase() === name!.trim().toLowerCase())
  if (!found) throw new Failure('invalid', 'unknown provider', { reason: 'provider' })
  return found
}

/** @throws Failure `invalid` with `fields`, all violations at once (foreman.md 9.1). */
export async function demandResource(
  trx: Trx,
  facts: ComputeResourceFacts,
  before: ComputeResource | null,
): Promise<void> {
  const { complain, demandNone } = violations()
  if (isBlank(facts.name)) complain('name', blank)
  for (const [attribute, value] of [
    ['name', facts.name],
    ['url', facts.url],
    ['user', facts.username],
    ['password', facts.password],
    ...attributeNames.map((name) => [name, facts.attributes[name]] as const),
  ] as const)
    if (typeof value === 'string' && isTooLong(value)) complain(attribute, tooLong)
  const twin = await trx
    .selectFrom('compute_resources')
    .select('id')
    .where('name', '=', facts.name ?? '')
    .where('id', '<>', before?.id ?? 0)
    .executeTakeFirst()
  if (twin) complain('name', taken)
  if (before && facts.provider?.toLowerCase() !== before.provider.toLowerCase()) complain('provider', fixed)
  if (byUrl.has(before?.provider ?? facts.provider ?? '')) {
    if (!/^[a-z][a-z0-9+.-]*:\/\/\S+$/i.test(facts.url ?? '')) complain('url', 'is invalid')
    if (isBlank(facts.url)) complain('url', blank)
  }
  demandNone('compute resource', before?.id)
}

/**
 * Who may change a resource may not point it elsewhere: a connection to a hypervisor is an administrator's.
 * @throws Failure `forbidden` (reason `connection`)
 */
export function demandHarmless(changed: readonly string[], attributes: readonly string[]): void {
  const named = changed.filter((name) => name !== 'name' && name !== 'description' && name !== 'attributes')
  const [first] = [...named, ...attributes.filter((name) => !harmless.has(name))]
  if (first !== undefined)
    throw new Failure('forbidden', `Only an administrator may change "${first}" of a compute resource.`, {
      reason: 'connection',
      id: first,
    })
}

export function knownAttributes(attributes: ResourceAttributes): ResourceAttributes {
  return Object.fromEntries(
    attributeNames.flatMap((name) => (attributes[name] === undefined ? [] : [[name, attributes[name]]])),
  )
}
