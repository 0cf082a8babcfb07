import { Breadcrumb, BreadcrumbItem } from '@patternfly/react-core'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useIntl } from 'react-intl'
import { Link } from 'react-router'
import { PageFrame } from '../../parts/PageFrame.tsx'
import { QueryView } from '../../parts/QueryView.tsx'
import type { Noun } from './people.ts'

/** The page of one user, group or project: the way back to all of them, what can be done with it, and its parts. */
export function OnePage<T>({
  noun,
  name,
  intro,
  query,
  actions,
  children,
}: {
  readonly noun: Noun
  readonly name: string
  readonly intro?: ReactNode
  readonly query: UseQueryResult<T>
  readonly actions: (one: T) => ReactNode
  readonly children: (one: T) => ReactNode
}) {
  const intl = useIntl()
  return (
    <PageFrame
      title={name}
      intro={intro}
      above={
        <Breadcrumb aria-label={intl.formatMessage({ id: 'people.breadcrumb' })}>
          <BreadcrumbItem>
            <Link to={`/${noun}`}>{intl.formatMessage({ id: `${noun}.title` })}</Link>
          </BreadcrumbItem>
          <BreadcrumbItem isActive>{name}</BreadcrumbItem>
        </Breadcrumb>
      }
      actions={query.data === undefined ? undefined : actions(query.data)}
    >
      <QueryView query={query} lines={10}>
        {children}
      </QueryView>
    </PageFrame>
  )
}
