export const rowNames = [
  'list',
  'get',
  'upload',
  'download',
  'memory',
  'foreman',
  'danube',
  'glance',
  'console',
] as const
export type RowName = (typeof rowNames)[number]

export type Options = {
  readonly rows: readonly RowName[]
  readonly quick: boolean
  /** Record CPU profiles of the servers. */
  readonly profile: boolean
}

/** How much is measured. Sizes are bytes. */
export type Scale = {
  readonly fewImages: number
  /** Of a list that has no pages. */
  readonly listedImages: number
  readonly manyImages: number
  readonly rounds: number
  readonly roundSeconds: number
  readonly connections: number
  /** Images that are created in each round. */
  readonly created: number
  /** Repetitions of each transfer. */
  readonly transfers: number
  readonly imageBytes: number
  /** Transfers at once while memory is watched. */
  readonly parallel: number
}

export const mebibyte = 1024 * 1024

const full: Scale = {
  fewImages: 1_000,
  listedImages: 10_000,
  manyImages: 100_000,
  rounds: 7,
  roundSeconds: 3,
  connections: 16,
  created: 1_000,
  transfers: 3,
  imageBytes: 1024 * mebibyte,
  parallel: 8,
}

/** Enough to see that everything works; its figures mean little. */
const sanity: Scale = {
  ...full,
  fewImages: 200,
  listedImages: 2_000,
  manyImages: 2_000,
  rounds: 3,
  roundSeconds: 1,
  created: 100,
  transfers: 2,
  imageBytes: 64 * mebibyte,
}

export const usage = `usage: npm run bench -- [${rowNames.join('] [')}] [--quick] [--profile]
  Without names, every row is measured.
  --quick     fewer images and bytes, to see that everything works
  --profile   records CPU profiles of the servers in bench/results and prints where the time went`

/** Null when the arguments make no sense. */
export function parseOptions(args: readonly string[]): Options | null {
  const flags = new Set(args.filter((arg) => arg.startsWith('-')))
  const words = new Set(args.filter((arg) => !arg.startsWith('-')))
  const quick = flags.delete('--quick')
  const profile = flags.delete('--profile')
  const rows = rowNames.filter((name) => words.size === 0 || words.has(name))
  if (flags.size > 0 || (words.size > 0 && rows.length !== words.size)) return null
  return { rows, quick, profile }
}

export function scaleOf({ quick }: Options): Scale {
  return quick ? sanity : full
}
