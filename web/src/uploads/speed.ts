/** How far back the speed looks. Milliseconds. */
const span = 8_000

/** How fast bytes go, as it has been for the last few seconds. */
export function speedometer() {
  let seen: { readonly at: number; readonly bytes: number }[] = []
  return {
    /** @returns bytes per second; null while nothing can be said */
    note(at: number, bytes: number): number | null {
      // What was sent again after a broken connection counts once.
      if (seen.length > 0 && bytes < seen.at(-1)!.bytes) seen = []
      seen.push({ at, bytes })
      seen = seen.filter((one) => at - one.at <= span)
      const [first] = seen
      const elapsed = at - first!.at
      return elapsed < 500 ? null : ((bytes - first!.bytes) / elapsed) * 1000
    },
  }
}
