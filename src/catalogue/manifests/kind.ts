import { osFromFacts } from './ostype.ts'

/** What kind of image a manifest calls this one, and its operating system: what lists can be filtered by. */
export function kindOf(
  manifest: unknown,
  properties: Readonly<Record<string, string>>,
): { readonly type: string; readonly os: string } {
  const { type, os } = (manifest ?? {}) as { type?: unknown; os?: unknown }
  return {
    type: isWord(type) ? type : 'other',
    os: isWord(os) ? os : osFromFacts(properties),
  }
}

/** An index holds them; what is longer than any that exists is none. */
function isWord(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 100
}
