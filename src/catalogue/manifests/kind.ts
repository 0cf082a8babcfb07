import { osFromFacts } from './ostype.ts'

/** What kind of image a manifest calls this one, and its operating system: what lists can be filtered by. */
export function kindOf(
  manifest: unknown,
  properties: Readonly<Record<string, string>>,
): { readonly type: string; readonly os: string } {
  const { type, os } = (manifest ?? {}) as { type?: unknown; os?: unknown }
  return {
    type: typeof type === 'string' ? type : 'other',
    os: typeof os === 'string' ? os : osFromFacts(properties),
  }
}
