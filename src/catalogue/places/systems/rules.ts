import type { Trx } from '../../core.ts'
import { blank, isBlank, isTooLong, taken, tooLong, violations } from '../violations.ts'
import { systemTitle } from './facts.ts'

/** What a caller may say of an operating system. */
export type SystemFacts = {
  readonly name: string | null
  readonly major: string | null
  readonly minor: string | null
  readonly description: string | null
  readonly family: string | null
  readonly releaseName: string | null
  readonly passwordHash: string | null
}

export const families = [
  'AIX',
  'Altlinux',
  'Archlinux',
  'Coreos',
  'Debian',
  'Fcos',
  'Freebsd',
  'Gentoo',
  'Junos',
  'NXOS',
  'Rancheros',
  'Redhat',
  'Rhcos',
  'Solaris',
  'Suse',
  'VRP',
  'Windows',
  'Xenserver',
] as const

export const versionExists = 'Operating system version already exists'
const containsSpaces = "can't contain spaces."
const number = /^\d+(\.\d+)?$/

/**
 * The rules of foreman.md 9.2, all violations at once.
 * @param before what is stored; a rule about what did not change does not apply, because images make systems by their
 * facts, which know no release names
 * @throws Failure `invalid` with `fields`
 */
export async function demandSystem(
  trx: Trx,
  facts: SystemFacts,
  before: (SystemFacts & { readonly id: number; readonly title: string }) | null,
): Promise<void> {
  const { complain, demandNone } = violations()
  const changed = (...names: (keyof SystemFacts)[]) =>
    !before || names.some((name) => facts[name] !== before[name])
  if (isBlank(facts.name)) complain('name', blank)
  else if (changed('name') && /\s/.test(facts.name!)) complain('name', containsSpaces)
  for (const [attribute, value] of [
    ['name', facts.name],
    ['major', facts.major],
    ['minor', facts.minor],
    ['description', facts.description],
    ['release_name', facts.releaseName],
    ['password_hash', facts.passwordHash],
  ] as const)
    if (isTooLong(value)) complain(attribute, tooLong)
  if (changed('major')) {
    if (!number.test(facts.major ?? '')) complain('major', 'is not a number')
    if (isBlank(facts.major)) complain('major', 'Operating System version is required')
  }
  if (changed('minor') && facts.minor && !number.test(facts.minor)) complain('minor', 'is not a number')
  if (facts.family !== null && !(families as readonly string[]).includes(facts.family))
    complain('type', `must be one of [ ${families.join(', ')} ]`)
  if (facts.family === 'Debian' && changed('family', 'releaseName') && isBlank(facts.releaseName))
    complain('release_name', blank)
  if (!isBlank(facts.name)) {
    const system = { name: facts.name!, major: facts.major ?? '', minor: facts.minor ?? '' }
    const others = trx
      .selectFrom('operating_systems')
      .select('id')
      .where('id', '<>', before?.id ?? 0)
      .limit(1)
    const twin = await others
      .where('name', '=', system.name)
      .where('major', '=', system.major)
      .where('minor', '=', system.minor)
      .executeTakeFirst()
    if (twin) complain('name', versionExists)
    const title = facts.description || systemTitle(system)
    if (title !== before?.title && (await others.where('title', '=', title).executeTakeFirst()))
      complain('title', taken)
  }
  demandNone('operating system', before?.id)
}
