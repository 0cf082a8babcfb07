import { isReservedProperty } from '../../catalogue/images/rules.ts'
import type { Caller } from './auth.ts'
import {
  boolean,
  choice,
  complaint,
  type Form,
  orNull,
  properties,
  type Reader,
  size,
  tags,
  text,
} from './fields.ts'
import { hypervisorTypes, promoted } from './vocabulary.ts'

/** What creation and update of an image have in common (onecloudplanet.md 2.4, 2.5). */
export type Description = {
  readonly minDisk?: number | undefined
  readonly minRam?: number | undefined
  readonly protected?: boolean | undefined
  readonly tags?: string[] | undefined
  /** Custom properties without the promoted ones. */
  readonly properties?: Record<string, string> | undefined
  /** Promoted name → value, null for "none"; a name that was not mentioned is not here. */
  readonly facts: Readonly<Record<string, string | null>>
}

/** The visibilities a caller may set, in the order of `create_options`. */
export function settableVisibilities({ staff }: Caller, featuresOff: ReadonlySet<string>): string[] {
  const community = featuresOff.has('openstack.images.showcommunity') ? [] : ['community']
  return ['private', 'shared', ...community, ...(staff ? ['public'] : [])]
}

const wrongHypervisor = 'Invalid hypervisor type selected'
const hypervisor: Reader<string> = (value) =>
  (hypervisorTypes as readonly unknown[]).includes(value) ? (value as string) : complaint(wrongHypervisor)

/** @param present properties that the image has already, which may be sent back as they are */
export function describe(form: Form, present: Readonly<Record<string, string>> = {}): Description {
  const given = form.optional('properties', properties)
  for (const message of given ? new Set(wrongProperties(given, present)) : [])
    form.complain('properties', message)
  const facts: Record<string, string | null> = {}
  for (const name of promoted) {
    const reader = orNull(name === 'hypervisor_type' ? hypervisor : text())
    const own = form.optional(name, reader)
    // "Promoted names set the top-level field", which itself has the last word.
    const value = own === undefined ? (given?.[name] ?? undefined) : own
    if (value === undefined) continue
    if (own === undefined && name === 'hypervisor_type' && value !== '' && hypervisor(value) !== value)
      form.complain(name, wrongHypervisor)
    facts[name] = value === '' ? null : value
  }
  return {
    minDisk: form.optional('min_disk', size),
    minRam: form.optional('min_ram', size),
    protected: form.optional('protected', boolean),
    tags: form.optional('tags', tags),
    properties: given && without(given, promoted),
    facts,
  }
}

function* wrongProperties(given: Record<string, string>, present: Readonly<Record<string, string>>) {
  for (const [name, value] of Object.entries(given)) {
    if (isReservedProperty(name)) yield `"${name}" is a reserved name.`
    // What another API has written can be sent back; it must not make the image uneditable here.
    const unchanged = Object.hasOwn(present, name) && present[name] === value
    if (!unchanged && !isAscii(name + value))
      yield 'Only ASCII characters are allowed for properties and values'
  }
}

function isAscii(content: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range begins at zero
  return /^[\u0000-\u007f]*$/.test(content)
}

function without(all: Record<string, string>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name)))
}

/** Provenance, which the system has set: kept by an update unless it is given a new value (2.5). */
const systemSet: ReadonlySet<string> = new Set([
  'instance_uuid',
  'image_type',
  'backup_type',
  'base_image_ref',
  'image_location',
  'image_state',
  'owner_id',
  'owner_user_name',
  'owner_project_name',
  'user_id',
  'boot_roles',
])

/**
 * The properties after a change. Those given are the complete set of custom ones; promoted, system-set and hidden
 * names stay unless they are given a new value. The order of making is kept.
 */
export function changedProperties(
  present: Readonly<Record<string, string>>,
  { properties: given, facts }: Description,
): Record<string, string> {
  const stays = (name: string) =>
    given === undefined ||
    Object.hasOwn(given, name) ||
    systemSet.has(name) ||
    name.startsWith('owner_specified.') ||
    (promoted as readonly string[]).includes(name) ||
    isReservedProperty(name)
  const kept = Object.entries(present).filter(([name]) => stays(name))
  const merged = Object.entries({ ...Object.fromEntries(kept), ...given, ...facts })
  return Object.fromEntries(merged.filter((entry): entry is [string, string] => entry[1] !== null))
}

/** The keys of a description that were said. */
export function saidOf({ facts: _facts, properties: _properties, ...rest }: Description) {
  type Said = { [Key in keyof typeof rest]?: Exclude<(typeof rest)[Key], undefined> }
  return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as Said
}

/** A choice that also takes the present value back, whatever it is. */
export function choiceOr(words: readonly string[], present: string | null): Reader<string> {
  const reader = choice(words)
  return (value) => (typeof value === 'string' && value === present ? value : reader(value))
}
