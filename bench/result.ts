export type Target = {
  readonly value: number
  readonly bound: 'at least' | 'at most'
  readonly of: 'ratio' | 'measured'
}

export type Pair = {
  readonly measured: number
  readonly baseline: number
  readonly ratio: number
  readonly unit: string
}

/** One line of the table. */
export type Result = {
  readonly name: string
  readonly unit: string
  /** Null where it could not be measured; then `notes` say why. */
  readonly measured: number | null
  readonly baseline: number | null
  readonly baselineName: string
  readonly ratio: number | null
  readonly target: Target
  /** The same comparison in processor time, which other work on the machine disturbs less. */
  readonly processor: Pair | null
  readonly notes: readonly string[]
  /** Every single measurement, for the JSON file. */
  readonly details: unknown
}

export function met({ measured, ratio, target }: Result): boolean | null {
  const value = target.of === 'ratio' ? ratio : measured
  if (value === null) return null
  return target.bound === 'at least' ? value >= target.value : value <= target.value
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export function skipped(name: string, unit: string, target: Target, why: string): Result {
  const nothing = {
    measured: null,
    baseline: null,
    baselineName: '',
    ratio: null,
    processor: null,
    details: null,
  }
  return { name, unit, target, ...nothing, notes: [`NOT MEASURED: ${why}`] }
}

/** The table, and below it what must not be overlooked. */
export function table(results: readonly Result[]): string {
  const head = ['', 'measured', 'baseline', 'ratio', 'target', '', 'CPU', 'CPU of baseline', 'CPU ratio']
  const lines = [head, ...results.map(cells)]
  const widths = head.map((_, at) => Math.max(...lines.map((line) => line[at]!.length)))
  // Words stand to the left of their column, numbers to the right.
  const words = new Set([0, 2, 4, 5, 7])
  const text = lines.map((line) =>
    line
      .map((cell, at) => (words.has(at) ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)))
      .join('  ')
      .trimEnd(),
  )
  const notes = results.flatMap(({ name, notes }) => notes.map((note) => `${name}: ${note}`))
  const missed = results.filter((result) => met(result) === false)
  const closing =
    missed.length === 0
      ? []
      : ['', `!! ${missed.length} MISSED: ${missed.map(({ name }) => name).join('; ')}`]
  return [...text, ...(notes.length > 0 ? ['', ...notes] : []), ...closing].join('\n')
}

function cells(result: Result): string[] {
  const { name, unit, measured, baseline, baselineName, ratio, target, processor } = result
  const outcome = met(result)
  const bound = target.bound === 'at least' ? '≥' : '≤'
  return [
    name,
    measured === null ? '-' : `${figure(measured)} ${unit}`,
    baseline === null ? '-' : `${figure(baseline)} ${baselineName}`,
    ratio === null ? '-' : ratio.toFixed(2),
    target.of === 'ratio' ? `${bound} ${target.value}` : `${bound} ${target.value} ${unit}`,
    outcome === null ? 'not measured' : outcome ? 'ok' : 'MISSED',
    processor === null ? '-' : `${figure(processor.measured)} ${processor.unit}`,
    processor === null ? '-' : `${figure(processor.baseline)} ${processor.unit}`,
    processor === null ? '-' : processor.ratio.toFixed(2),
  ]
}

function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3)
}
