import { readFileSync } from 'node:fs'

/** What V8 writes with --cpu-prof, as far as it is read here. */
type Profile = {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  readonly samples: readonly number[]
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[]
}

/** Where a profile's time went, most first: the part that each function took itself. Waiting is left out. */
export function topOf(file: string, most = 25): string[] {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8')) as Profile
  const places = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => [
      id,
      url === '' ? functionName : `${functionName || '(anonymous)'} ${shortened(url)}:${lineNumber + 1}`,
    ]),
  )
  const times = new Map<string, number>()
  let busy = 0
  for (const [at, id] of samples.entries()) {
    const place = places.get(id)!
    if (place === '(idle)') continue
    const time = timeDeltas[at]!
    busy += time
    times.set(place, (times.get(place) ?? 0) + time)
  }
  return [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, most)
    .map(([place, time]) => `${((time / busy) * 100).toFixed(1).padStart(5)} %  ${place}`)
}

/** The part of a file's address by which one recognises it. */
function shortened(url: string): string {
  return url.replace(/^.*\/(?=(?:src|node_modules)\/)/, '')
}
