import {
  Card,
  CardBody,
  CardTitle,
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
} from '@patternfly/react-core'
import type { ReactNode } from 'react'

/** A card with facts of one kind. */
export function FactsCard({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Card isCompact>
      <CardTitle component="h2">{title}</CardTitle>
      <CardBody>
        <DescriptionList
          aria-label={title}
          orientation={{ sm: 'horizontal' }}
          isCompact
          horizontalTermWidthModifier={{ sm: '9rem', xl: '11rem' }}
        >
          {children}
        </DescriptionList>
      </CardBody>
    </Card>
  )
}

/** A fact that nobody changes. */
export function Fact({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <DescriptionListGroup>
      <DescriptionListTerm>{label}</DescriptionListTerm>
      <DescriptionListDescription className="ip-break">{children}</DescriptionListDescription>
    </DescriptionListGroup>
  )
}
