import {
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
} from '@patternfly/react-core'
import type { ReactNode } from 'react'
import { FormattedMessage } from 'react-intl'

/** End of its text's id, and what is to be said. */
export type Fact = readonly [name: string, value: ReactNode]

/** What is known of a thing, name by name. */
export function Facts({ texts, facts }: { readonly texts: string; readonly facts: readonly Fact[] }) {
  return (
    <DescriptionList
      isCompact
      orientation={{ sm: 'horizontal' }}
      horizontalTermWidthModifier={{ sm: '11rem' }}
    >
      {facts.map(([name, value]) => (
        <DescriptionListGroup key={name}>
          <DescriptionListTerm>
            <FormattedMessage id={`${texts}.${name}`} />
          </DescriptionListTerm>
          <DescriptionListDescription className="ip-break">{value}</DescriptionListDescription>
        </DescriptionListGroup>
      ))}
    </DescriptionList>
  )
}
