import { EmptyState, EmptyStateBody, EmptyStateFooter, PageSection } from '@patternfly/react-core'
import { FormattedMessage } from 'react-intl'
import { Link } from 'react-router'

export function NotFoundPage() {
  return (
    <PageSection>
      <EmptyState titleText={<FormattedMessage id="app.notFound.title" />} headingLevel="h1">
        <EmptyStateBody>
          <FormattedMessage id="app.notFound.body" />
        </EmptyStateBody>
        <EmptyStateFooter>
          <Link to="/">
            <FormattedMessage id="app.notFound.home" />
          </Link>
        </EmptyStateFooter>
      </EmptyState>
    </PageSection>
  )
}
