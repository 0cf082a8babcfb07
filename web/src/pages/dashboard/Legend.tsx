import { getTheme } from '@patternfly/react-charts/victory'
import { FormattedNumber } from 'react-intl'
import { Link } from 'react-router'

export type LegendEntry = { readonly name: string; readonly images: number; readonly to: string }

/** What a picture shows, in words and numbers, each leading to the images that it counts. */
export function Legend({
  label,
  entries,
  colour,
}: {
  readonly label: string
  readonly entries: readonly LegendEntry[]
  /** The theme of the picture: its colours in their order. */
  readonly colour: string
}) {
  const scale = (getTheme(colour).pie?.colorScale ?? []) as readonly string[]
  return (
    <ul aria-label={label} className="ip-list">
      {entries.map(({ name, images, to }, place) => (
        <li key={name} className="ip-row ip-row-marked">
          <svg width="12" height="12" aria-hidden="true">
            <rect width="12" height="12" rx="2" fill={scale[place % scale.length] ?? 'currentColor'} />
          </svg>
          <Link to={to}>{name}</Link>
          <FormattedNumber value={images} />
        </li>
      ))}
    </ul>
  )
}
