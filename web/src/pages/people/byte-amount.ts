/** Bytes as people write them: a number, and what it counts. Powers of 1000, as everywhere in the console. */
export const byteUnits = ['B', 'MB', 'GB', 'TB'] as const
export type ByteUnit = (typeof byteUnits)[number]
export type ByteAmount = { readonly amount: string; readonly unit: ByteUnit }

const factors: Readonly<Record<ByteUnit, number>> = { B: 1, MB: 1e6, GB: 1e9, TB: 1e12 }

/** In the largest unit that needs no more than three decimals. Null is nothing, of the usual unit. */
export function amountOf(bytes: number | null): ByteAmount {
  if (bytes === null) return { amount: '', unit: 'GB' }
  const unit = byteUnits
    .toReversed()
    .find((one) => bytes >= factors[one] && bytes % (factors[one] / 1000) === 0)
  return unit === undefined || unit === 'B'
    ? { amount: String(bytes), unit: 'B' }
    : { amount: String(bytes / factors[unit]), unit }
}

/** Null where nothing is written; undefined for what is no number of bytes. */
export function bytesIn({ amount, unit }: ByteAmount): number | null | undefined {
  const text = amount.trim().replace(',', '.')
  if (text === '') return null
  const bytes = /^\d+(\.\d+)?$/.test(text) ? Math.round(Number(text) * factors[unit]) : Number.NaN
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** Likewise, of things. */
export function countIn(text: string): number | null | undefined {
  const trimmed = text.trim()
  if (trimmed === '') return null
  const count = /^\d+$/.test(trimmed) ? Number(trimmed) : Number.NaN
  return Number.isSafeInteger(count) ? count : undefined
}
