import {
  Button,
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
  Skeleton,
} from '@patternfly/react-core'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { ApiError } from '../api/client.ts'

/** What was asked for, or that it is on its way, or why it did not come. What was shown before stays meanwhile. */
export function QueryView<T>({
  query,
  lines = 6,
  children,
}: {
  readonly query: UseQueryResult<T>
  /** How high the place is that is kept free for it. */
  readonly lines?: number
  readonly children: (data: T) => ReactNode
}) {
  if (query.data !== undefined) return children(query.data)
  if (query.isError) return <ErrorView error={query.error} retry={() => void query.refetch()} />
  return <Waiting lines={lines} />
}

export function Waiting({ lines }: { readonly lines: number }) {
  const intl = useIntl()
  const screenreaderText = intl.formatMessage({ id: 'app.loading' })
  return (
    <div aria-busy="true">
      {Array.from({ length: lines }, (_, line) => (
        <Skeleton
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all alike
          key={line}
          className="ip-waiting"
          height="1.5rem"
          {...(line === 0 ? { screenreaderText } : {})}
        />
      ))}
    </div>
  )
}

export function ErrorView({ error, retry }: { readonly error: unknown; readonly retry?: () => void }) {
  const isMissing = error instanceof ApiError && error.status === 404
  return (
    <EmptyState
      titleText={<FormattedMessage id={isMissing ? 'parts.error.missing' : 'parts.error.title'} />}
      headingLevel="h2"
      status={isMissing ? 'info' : 'danger'}
    >
      <EmptyStateBody>{messageOf(error)}</EmptyStateBody>
      {retry === undefined || isMissing ? null : (
        <EmptyStateFooter>
          <EmptyStateActions>
            <Button variant="primary" onClick={retry}>
              <FormattedMessage id="parts.error.retry" />
            </Button>
          </EmptyStateActions>
        </EmptyStateFooter>
      )}
    </EmptyState>
  )
}

/** The server's own words; it says what is wrong better than a status. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
