import { Button, EmptyState, EmptyStateBody, EmptyStateFooter, PageSection } from '@patternfly/react-core'
import { Component, type ReactNode } from 'react'
import { FormattedMessage } from 'react-intl'

type Props = { readonly children: ReactNode }

/** One page that fails does not take the console with it. */
export class CrashBoundary extends Component<Props, { readonly failed: boolean }> {
  override state = { failed: false }

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true }
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children
    return (
      <PageSection>
        <EmptyState titleText={<FormattedMessage id="app.crash.title" />} headingLevel="h1" status="danger">
          <EmptyStateBody>
            <FormattedMessage id="app.crash.body" />
          </EmptyStateBody>
          <EmptyStateFooter>
            <Button onClick={() => location.reload()}>
              <FormattedMessage id="app.crash.reload" />
            </Button>
          </EmptyStateFooter>
        </EmptyState>
      </PageSection>
    )
  }
}
