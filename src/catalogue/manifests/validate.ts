import { parseInstant } from '../time.ts'
import { type Checked, checks } from './fields.ts'
import {
  isObject,
  isTooDeep,
  type JsonObject,
  type Manifest,
  manifestKeys,
  oneOf,
  ordered,
  own,
  zvolKeys,
} from './manifest.ts'
import { upgraded } from './upgrade.ts'

export type ManifestErrorCode = 'Invalid' | 'MissingParameter' | 'Missing' | 'NotAllowed'

/** One entry of IMGAPI's `errors` (danube.md 7.1). */
export type ManifestError = {
  readonly field: string
  readonly code: ManifestErrorCode
  readonly message?: string
}

/** Of the whole repository (danube.md 7.1): `public` holds only public images, `private` only others, `dc` both. */
export type RepositoryMode = 'public' | 'private' | 'dc'

export type ManifestRules = {
  readonly repository: RepositoryMode
} & (
  | { readonly mode: 'create' | 'import'; readonly ownerRequired?: boolean }
  /** `current` is what the change is made to; an operator may also repair what the life cycle sets. */
  | { readonly mode: 'update'; readonly current: Manifest; readonly operator?: boolean }
)

export type CheckedManifest = {
  /**
   * For `update` the current manifest with the changes made, else what was sent without the keys that only the server
   * sets. In writing order. Must not be used when there are errors.
   */
  readonly manifest: Manifest
  /** The keys that were sent, those deleted by `null` (and then absent from `manifest`) among them. */
  readonly changed: readonly string[]
  /** In the order of the table in danube.md 7.6, unknown fields last; empty when all is well. */
  readonly errors: readonly ManifestError[]
}

const required = ['name', 'version', 'type', 'os']
/** What a sender may not decide; often there because a whole manifest is sent, so it is passed over. */
const setByServer: Readonly<Record<'create' | 'import', ReadonlySet<string>>> = {
  create: new Set(['uuid', 'state', 'published_at', 'files', 'icon', 'urn', 'error']),
  import: new Set(['state', 'icon', 'urn', 'error']),
}
const mutable: ReadonlySet<string> = new Set([
  'name',
  'version',
  'description',
  'homepage',
  'eula',
  'public',
  'owner',
  'os',
  'acl',
  'requirements',
  'users',
  'billing_tags',
  'traits',
  'tags',
  'generate_passwords',
  'inherited_directories',
  'nic_driver',
  'disk_driver',
  'cpu_type',
  'image_size',
  'channels',
])
const mutableByOperators: ReadonlySet<string> = new Set(['state', 'error', 'files', 'origin', 'uuid'])
/** So that an answer stays readable when somebody sends thousands of unknown fields. */
const mostErrors = 100

/** Checks a manifest that is written through IMGAPI (danube.md 7.6). Never throws: the caller words the refusal. */
export function validateManifest(input: unknown, rules: ManifestRules): CheckedManifest {
  if (!isObject(input) || isTooDeep(input)) return refused('Invalid', 'A manifest must be a JSON object.')
  const sent = rules.mode === 'import' ? upgraded(input) : input
  const keys = Object.keys(sent)
  if (rules.mode === 'update' && keys.length === 0)
    return refused('MissingParameter', 'Nothing to update was given.')

  const current: JsonObject = rules.mode === 'update' ? rules.current : {}
  const merged = withoutNulls({ ...current, ...sent })
  const errors: ManifestError[] = []
  for (const [field, check] of checks) {
    if (rules.mode === 'update' && !Object.hasOwn(sent, field)) continue
    errors.push(...errorsOf(field, own(sent, field) ?? null, check, merged, rules))
  }
  for (const field of keys) {
    if (errors.length >= mostErrors) break
    if (!checks.has(field)) errors.push({ field, code: 'Invalid', message: `Unknown field "${field}".` })
  }

  const passedOver = rules.mode === 'update' ? new Set<string>() : setByServer[rules.mode]
  const kept = Object.fromEntries(Object.entries(merged).filter(([key]) => !passedOver.has(key)))
  return {
    manifest: ordered({ ...(kept as Manifest), v: 2 }),
    changed: keys.filter((key) => key !== 'v' && oneOf(manifestKeys, key) && !passedOver.has(key)),
    errors: errors.slice(0, mostErrors),
  }
}

function refused(code: ManifestErrorCode, message: string): CheckedManifest {
  return { manifest: {}, changed: [], errors: [{ field: 'manifest', code, message }] }
}

function withoutNulls(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null))
}

function errorsOf(
  field: string,
  value: unknown,
  check: (value: unknown, manifest: JsonObject) => Checked,
  merged: JsonObject,
  rules: ManifestRules,
): ManifestError[] {
  if (rules.mode === 'update' && !mutable.has(field) && !(rules.operator && mutableByOperators.has(field)))
    return [{ field, code: 'NotAllowed', message: `"${field}" cannot be updated.` }]
  const ofZvol = oneOf(zvolKeys, field)
  const isZvol = merged.type === 'zvol'
  if (value === null) {
    const missing =
      required.includes(field) ||
      (ofZvol && isZvol) ||
      (field === 'uuid' && rules.mode !== 'create') ||
      (field === 'owner' && rules.mode !== 'update' && rules.ownerRequired === true)
    return missing ? [{ field, code: 'MissingParameter' }] : []
  }
  if (ofZvol && !isZvol)
    return [{ field, code: 'NotAllowed', message: `"${field}" is for images of type zvol only.` }]
  if (field === 'inherited_directories' && merged.type !== 'zone-dataset')
    return [{ field, code: 'NotAllowed', message: `"${field}" is for images of type zone-dataset only.` }]
  const found = check(value, merged)
  if (found !== null) return found.map(([name, message]) => ({ field: name, code: 'Invalid', message }))
  if (field === 'published_at' && parseInstant(String(value)) === null)
    return [{ field, code: 'Invalid', message: 'There is no such date.' }]
  if (field === 'public' && rules.repository !== 'dc' && value !== (rules.repository === 'public'))
    return [{ field, code: 'Invalid', message: `This is a ${rules.repository} repository.` }]
  return []
}
