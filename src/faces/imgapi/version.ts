import { Refusal } from './failures.ts'

/** The versions of the interface; the second one shows channels (danube.md 7.1). */
const versions = [
  [2, 0, 0],
  [1, 0, 0],
] as const
type Version = readonly [number, number, number]

/**
 * The version that `Accept-Version` asks for; without it the first. @throws Refusal 400 InvalidVersion
 */
export function negotiated(header: string | undefined, what: string): 1 | 2 {
  const asked = header?.trim()
  if (!asked) return 1
  const ranges = asked.length > 256 ? [] : asked.split('||').map((text) => readRange(text.trim()))
  const found = versions.find((version) => ranges.some((range) => range?.every((test) => test(version))))
  if (!found) throw new Refusal('InvalidVersion', `${asked} is not supported by ${what}`)
  return found[0]
}

type Test = (version: Version) => boolean

/** One range of npm's notation (`~2`, `^1.0`, `2.x`, `>=1 <3`, `*`); null when it is none. */
function readRange(text: string): readonly Test[] | null {
  const tests = text
    .replace(/([<>=~^]+)\s+/g, '$1')
    .split(/\s+/)
    .map((word) => readComparator(word))
  return tests.every((test) => test !== null) ? tests : null
}

function readComparator(word: string): Test | null {
  if (word === '' || word === 'latest') return () => true
  const [, operator = '', ...written] =
    /^(~>?|\^|>=|<=|>|<|=)?v?(\d+|[x*])(?:\.(\d+|[x*]))?(?:\.(\d+|[x*]))?$/i.exec(word) ?? []
  if (written.length === 0) return null
  // Numbers up to the first part that is left open.
  const parts = written.map((part) => (part === undefined || !/^\d+$/.test(part) ? null : Number(part)))
  const open = parts.indexOf(null)
  const known = (open < 0 ? parts : parts.slice(0, open)) as number[]
  const low: Version = [known[0] ?? 0, known[1] ?? 0, known[2] ?? 0]
  if (operator === '>=') return (version) => compare(version, low) >= 0
  if (operator === '<') return (version) => compare(version, low) < 0
  const kept = operator === '^' ? 1 : operator.startsWith('~') ? Math.min(2, known.length) : known.length
  const matches: Test = (version) =>
    known.slice(0, kept).every((number, at) => version[at] === number) &&
    (known.length === 0 || compare(version, low) >= 0)
  if (operator === '>') return (version) => compare(version, low) > 0 && !matches(version)
  if (operator === '<=') return (version) => compare(version, low) < 0 || matches(version)
  return matches
}

function compare(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2]
}
