/** What the segments of a path look like (danube.md 0.1); anything else is no path of ours. */
const usual = /^[A-Za-z0-9._-]+$/

const byName: Readonly<Record<string, RegExp>> = {
  username: /^[A-Za-z0-9@.+_-]+$/,
  // Of an image in an imagestore; instances are found by hostname or uuid under another name.
  uuid: /^[a-z0-9-]+$/,
  task: /^[A-Za-z0-9-]+$/,
}

export type Segments = Readonly<Record<string, string>>

export function areSegments(segments: Segments, own: Readonly<Record<string, RegExp>> = {}): boolean {
  return Object.entries(segments).every(([name, value]) => (own[name] ?? byName[name] ?? usual).test(value))
}
