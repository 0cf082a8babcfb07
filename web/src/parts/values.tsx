import { useIntl } from 'react-intl'

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'] as const

/** Bytes as people read them, in the language's own way: powers of 1000, as disks are sold. */
export function useBytes(): (bytes: number) => string {
  const intl = useIntl()
  return (bytes) => {
    let [value, unit] = [bytes, 0]
    while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1]
    return intl.formatNumber(value, {
      style: 'unit',
      unit: units[unit]!,
      unitDisplay: unit === 0 ? 'long' : 'short',
      maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0,
    })
  }
}

export function Bytes({ value }: { readonly value: number | null }) {
  const words = useBytes()
  return value === null ? <None /> : <span title={String(value)}>{words(value)}</span>
}

/** A point in time, exact when it is pointed at. PatternFly's own takes long to draw, and is a stop for the keyboard in each row. */
export function When({ at }: { readonly at: string | null }) {
  const intl = useIntl()
  if (at === null) return <None />
  const exact = new Date(at).toISOString()
  return (
    <time dateTime={exact} title={exact}>
      {intl.formatDate(at, { dateStyle: 'medium', timeStyle: 'short' })}
    </time>
  )
}

/** Where there is nothing to show. */
export function None() {
  const intl = useIntl()
  return (
    <span role="img" aria-label={intl.formatMessage({ id: 'parts.none' })}>
      –
    </span>
  )
}
