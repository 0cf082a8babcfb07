import type { Query, Trx } from '../../core.ts'
import { fold } from '../../fold.ts'
import { now } from '../../time.ts'

/** What Foreman calls an operating system: a name with a version. */
export type SystemName = { readonly name: string; readonly major: string; readonly minor: string }

/** `centos 5.3`; just the name where no version is known. */
export function systemTitle(system: SystemName): string {
  return [system.name, systemVersion(system)].filter(Boolean).join(' ')
}

/** `5.3`, `5`, or nothing. */
export function systemVersion({ major, minor }: Omit<SystemName, 'name'>): string {
  return [major, minor].filter(Boolean).join('.')
}

/** The operating system of an image that does not say (one-catalogue.md 4.9). */
export const unknownSystem = 'unknown'

/** Foreman's families, guessed from the name as Foreman does (foreman.md 9.2). */
const families: readonly [RegExp, string][] = [
  [/centos|fedora|rocky|almalinux|rhel|redhat|oracle|scientific/i, 'Redhat'],
  [/debian|ubuntu|mint/i, 'Debian'],
  [/suse|sles|sled/i, 'Suse'],
  [/windows/i, 'Windows'],
  [/freebsd/i, 'Freebsd'],
  [/gentoo/i, 'Gentoo'],
  [/arch/i, 'Archlinux'],
  [/coreos/i, 'Coreos'],
  [/solaris|illumos|smartos/i, 'Solaris'],
]

export function guessFamily(name: string): string | null {
  return families.find(([pattern]) => pattern.test(name))?.[1] ?? null
}

/** Splits an image's OS facts into Foreman's name, major and minor; `unknown` where there are none. */
export function systemOf(distro: string | undefined, version: string | undefined): SystemName {
  if (!distro?.trim()) return { name: unknownSystem, major: '', minor: '' }
  const name = withoutSpaces(distro)
  const match = /^(\d+)(?:\.(\d+(?:\.\d+)?))?$/.exec((version ?? '').trim())
  if (match) return { name, major: match[1]!, minor: match[2] ?? '' }
  return { name, major: (version ?? '').trim().slice(0, 255), minor: '' }
}

function withoutSpaces(name: string): string {
  return name.trim().replace(/\s+/g, '-').slice(0, 255)
}

/**
 * Does this operating system say what these facts say? `22.04` may be kept as major 22 with minor 04 or as major 22.04,
 * and a name may have spaces where it was not made here.
 */
export function saysTheSame(
  system: SystemName,
  distro: string | undefined,
  version: string | undefined,
): boolean {
  const said = systemOf(distro, version)
  return withoutSpaces(system.name) === said.name && systemVersion(system) === systemVersion(said)
}

/**
 * The id of the operating system with these facts, or else of the one that is called so, however it is kept: titles are
 * unique. It is made when it is missing.
 */
export async function findOrCreateSystem(
  trx: Trx,
  distro: string | undefined,
  version: string | undefined,
): Promise<number> {
  const system = systemOf(distro, version)
  const find = async () => (await findSystem(trx, system)) ?? (await titled(trx, systemTitle(system)))
  const found = await find()
  if (found) return found
  await insertSystem(trx, system, {}, true)
  return (await find())!
}

export async function findSystem(
  query: Query,
  { name, major, minor }: SystemName,
): Promise<number | undefined> {
  const row = await query
    .selectFrom('operating_systems')
    .select('id')
    .where('name', '=', name)
    .where('major', '=', major)
    .where('minor', '=', minor)
    .executeTakeFirst()
  return row?.id
}

async function titled(query: Query, title: string): Promise<number | undefined> {
  const row = await query
    .selectFrom('operating_systems')
    .select('id')
    .where('title', '=', title)
    .executeTakeFirst()
  return row?.id
}

/** Inserts one operating system. With `tolerant`, another process that was quicker is no error. */
export async function insertSystem(
  trx: Trx,
  system: SystemName,
  more: { id?: number; description?: string; family?: string; createdAt?: number; updatedAt?: number },
  tolerant = false,
): Promise<void> {
  const at = now()
  const title = more.description || systemTitle(system)
  let insert = trx.insertInto('operating_systems').values({
    ...(more.id === undefined ? {} : { id: more.id }),
    ...system,
    description: more.description ?? null,
    family: more.family ?? guessFamily(system.name),
    release_name: null,
    password_hash: 'SHA512',
    title,
    title_fold: fold(title),
    created_at: more.createdAt ?? at,
    updated_at: more.updatedAt ?? more.createdAt ?? at,
  })
  if (tolerant) insert = insert.onConflict((conflict) => conflict.doNothing())
  await insert.execute()
}

/** The id of the architecture; an image that does not say is `x86_64` (one-catalogue.md 4.9). */
export async function findOrCreateArchitecture(trx: Trx, named: string | undefined): Promise<number> {
  const name = (named ?? '').trim().replace(/\s+/g, '-').slice(0, 255) || 'x86_64'
  const at = now()
  const find = () => trx.selectFrom('architectures').select('id').where('name', '=', name).executeTakeFirst()
  const found = await find()
  if (found) return found.id
  await trx
    .insertInto('architectures')
    .values({ name, created_at: at, updated_at: at })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  return (await find())!.id
}
