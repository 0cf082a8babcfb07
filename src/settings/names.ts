const prefix = 'IMAGEPORT_'

/** Variables that are no settings: those of the command line, and those of `npm test`. */
const others = ['SETTINGS', 'URL', 'USERNAME', 'PASSWORD', 'TOKEN', 'ALLOW_SKIPS'].map(
  (name) => prefix + name,
)

/** `publicUrl` → `public_url`, as it stands in the settings file. */
export function fileName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** `publicUrl` → `IMAGEPORT_PUBLIC_URL`. */
export function variableName(key: string): string {
  return prefix + fileName(key).toUpperCase()
}

/** True for variables that begin like ours but are read by somebody else, or not ours at all. */
export function isForeign(variable: string): boolean {
  return !variable.startsWith(prefix) || variable.startsWith(`${prefix}TEST_`) || others.includes(variable)
}

/** The known name that a misspelt one was probably meant to be. */
export function didYouMean(name: string, known: readonly string[]): string {
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .sort((a, b) => a.distance - b.distance)
  const best = ranked[0]
  const near = best && best.distance <= Math.max(2, name.length / 4)
  return near ? `; did you mean ${best.candidate}?` : ''
}

/** Letters to insert, drop or replace, neighbours that changed places counting as one. */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const above = rows[i - 1]!
      const same = a[i - 1] === b[j - 1]
      let best = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (same ? 0 : 1))
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, rows[i - 2]![j - 2]! + 1)
      row.push(best)
    }
    rows.push(row)
  }
  return rows[a.length]![b.length]!
}
