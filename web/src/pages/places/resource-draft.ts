import type {
  WireComputeResourceDetail,
  WireComputeResourceDraft,
  WireComputeResourcePatch,
  WirePlace,
} from '../../../../src/faces/console/wire-places.ts'
import type { Option } from './pick.ts'
import { fieldsOf } from './providers.ts'
import { keptSecret, type Secret, secretPatch } from './SecretField.tsx'

/** What a form says of a compute resource. */
export type ResourceDraft = {
  readonly name: string
  readonly description: string
  readonly provider: string
  /** By the names of the provider's fields. */
  readonly values: Readonly<Record<string, string | boolean>>
  readonly secret: Secret
  readonly projects: readonly Option[]
  readonly locations: readonly Option[]
}

/** What is no attribute. */
const columns: ReadonlySet<string> = new Set(['url', 'username'])

/** Where the server has something of its own to say of what is new, so that the form shows it. */
const usual: Readonly<Record<string, ResourceDraft['values']>> = {
  Libvirt: { display_type: 'vnc', set_console_password: true },
}

const nothing = { name: '', description: '', secret: keptSecret, projects: [], locations: [] }

export const newResource: ResourceDraft = { ...nothing, provider: 'Libvirt', values: usual.Libvirt! }

/** The draft of something new, for another provider. */
export function withProvider(draft: ResourceDraft, provider: string): ResourceDraft {
  const kept = Object.entries(draft.values).filter(([name]) => columns.has(name))
  return { ...draft, provider, values: { ...usual[provider], ...Object.fromEntries(kept) } }
}

export function draftOf(one: WireComputeResourceDetail): ResourceDraft {
  const known: Readonly<Record<string, string | boolean | null>> = {
    ...one.attributes,
    url: one.url,
    username: one.username,
  }
  return {
    name: one.name,
    description: one.description ?? '',
    provider: one.provider,
    values: Object.fromEntries(Object.entries(known).map(([name, value]) => [name, value ?? ''])),
    secret: keptSecret,
    projects: one.projects.map(toOption),
    locations: one.locations.map(toOption),
  }
}

const toOption = ({ id, title }: WirePlace): Option => ({ id, text: title })

/** What is said of something new: places that nobody chose are left to the server, which may have only one. */
export function createdBy(draft: ResourceDraft): WireComputeResourceDraft {
  const { projectIds, locationIds, ...facts } = changedBy(
    { ...nothing, provider: draft.provider, values: {} },
    draft,
  )
  return {
    ...facts,
    name: draft.name,
    provider: draft.provider,
    ...(projectIds?.length ? { projectIds } : {}),
    ...(locationIds?.length ? { locationIds } : {}),
  }
}

/** What differs, and nothing else: who may change only some of it is not refused for the rest. */
export function changedBy(before: ResourceDraft, draft: ResourceDraft): WireComputeResourcePatch {
  const changed = fieldsOf(draft.provider)
    .filter(
      ({ kind, name }) => kind !== 'secret' && (draft.values[name] ?? '') !== (before.values[name] ?? ''),
    )
    .map(({ name }) => [name, sayable(draft.values[name])] as const)
  const attributes = changed.filter(([name]) => !columns.has(name))
  const password = secretPatch(draft.secret)
  const moved = (name: 'projects' | 'locations') => !sameOptions(before[name], draft[name])
  return {
    ...(draft.name === before.name ? {} : { name: draft.name }),
    ...(draft.description === before.description ? {} : { description: draft.description || null }),
    ...Object.fromEntries(changed.filter(([name]) => columns.has(name))),
    ...(attributes.length === 0 ? {} : { attributes: Object.fromEntries(attributes) }),
    ...(password === undefined ? {} : { password }),
    ...(moved('projects') ? { projectIds: idsOf(draft.projects) } : {}),
    ...(moved('locations') ? { locationIds: idsOf(draft.locations) } : {}),
  }
}

const sayable = (value: string | boolean | undefined) => (value === undefined || value === '' ? null : value)

export const idsOf = (options: readonly Option[]): number[] => options.map(({ id }) => Number(id))

export function sameOptions(a: readonly Option[], b: readonly Option[]): boolean {
  const ids = new Set(a.map(({ id }) => id))
  return ids.size === b.length && b.every(({ id }) => ids.has(id))
}
