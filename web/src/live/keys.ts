import type { WireEvent } from '../../../src/faces/console/wire-events.ts'

/** The beginning of the keys under which something is kept. */
export type Key = readonly string[]

const plurals: Readonly<Record<string, string>> = { repository: 'repositories' }

/** What is shown beside things of a kind, and may differ with them. */
const beside: Readonly<Record<string, readonly string[]>> = {
  image: ['registrations'],
  registration: ['compute-resource', 'operating-system', 'architecture', 'image'],
  node: ['instances', 'instance'],
  repository: ['offers'],
  // Who may do what is shown with each of them.
  user: ['groups', 'projects', 'grants', 'tokens', 'me'],
  group: ['users', 'projects', 'grants', 'me'],
  project: ['users', 'groups', 'grants', 'me'],
  token: ['me'],
  'application-credential': ['me'],
}

/** These are known by their uuid wherever they are; of other kinds all are asked for again: there are few. */
const known: ReadonlySet<string> = new Set(['image', 'task', 'instance'])

/** What is stale after an event: keys begin with the noun, lists with its plural. */
export function keysOf({ kind, id }: WireEvent): readonly Key[] {
  const one = known.has(kind) && id !== undefined ? [kind, id] : [kind]
  return [[plurals[kind] ?? `${kind}s`], one, ...(beside[kind] ?? []).map((noun) => [noun])]
}
