import { longest, namePattern } from './fields.ts'

/** A text of the catalogue as a manifest may have it: every character that the pattern has no room for is a dash. */
export function fitting(text: string, pattern: RegExp, most: number): string {
  return Array.from(text, (character) => (pattern.test(character) ? character : '-'))
    .join('')
    .slice(0, most)
}

/** What an image is called in manifests (danube.md 1.13). */
export function manifestName({ name, uuid }: { readonly name: string; readonly uuid: string }): string {
  return fitting(name, namePattern, longest.name) || uuid
}
