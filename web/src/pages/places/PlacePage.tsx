import './places.css'
import {
  ActionList,
  ActionListGroup,
  ActionListItem,
  Breadcrumb,
  BreadcrumbItem,
  Button,
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
} from '@patternfly/react-core'
import { type ReactNode, useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { Link, useNavigate, useParams } from 'react-router'
import { PageFrame } from '../../parts/PageFrame.tsx'
import { ErrorView, Waiting } from '../../parts/QueryView.tsx'
import { DeleteModal } from './DeleteModal.tsx'
import { folders, type PlaceKind, usePlace } from './places.ts'

/** Id of the text behind `places.`, and what is to be said. */
export type Fact = readonly [name: string, value: ReactNode]

/** The page of one place: its facts, what can be done with it, and what is registered there. */
export function PlacePage<Detail extends { readonly id: number }>({
  kind,
  nameOf,
  introOf,
  factsOf,
  mayEdit,
  mayDelete,
  edit,
  children,
}: {
  readonly kind: PlaceKind
  readonly nameOf: (detail: Detail) => string
  /** What it is for, where that is not plain. */
  readonly introOf?: (detail: Detail) => ReactNode
  readonly factsOf: (detail: Detail) => readonly Fact[]
  readonly mayEdit: (detail: Detail) => boolean
  readonly mayDelete: (detail: Detail) => boolean
  /** The window in which it is changed. */
  readonly edit: (detail: Detail, onClose: () => void) => ReactNode
  readonly children: (detail: Detail) => ReactNode
}) {
  const intl = useIntl()
  const navigate = useNavigate()
  const { id = '' } = useParams()
  const [isEditing, setEditing] = useState(false)
  const [isDeleting, setDeleting] = useState(false)
  // What is being deleted is not asked for again: live events may tell of its end before the answer does.
  const query = usePlace<Detail>(kind, id, !isDeleting)
  const { data: detail } = query
  const list = intl.formatMessage({ id: `places.${kind}.title` })
  const name = detail ? nameOf(detail) : intl.formatMessage({ id: `places.${kind}` })
  return (
    <PageFrame
      title={name}
      intro={detail ? introOf?.(detail) : undefined}
      above={
        <Breadcrumb aria-label={intl.formatMessage({ id: 'places.breadcrumb' })}>
          <BreadcrumbItem>
            <Link to={`/${folders[kind]}`}>{list}</Link>
          </BreadcrumbItem>
          <BreadcrumbItem isActive>{name}</BreadcrumbItem>
        </Breadcrumb>
      }
      actions={
        detail ? (
          <ActionList>
            <ActionListGroup>
              {mayEdit(detail) ? (
                <ActionListItem>
                  <Button variant="secondary" onClick={() => setEditing(true)}>
                    <FormattedMessage id="parts.edit" />
                  </Button>
                </ActionListItem>
              ) : null}
              {mayDelete(detail) ? (
                <ActionListItem>
                  <Button variant="danger" onClick={() => setDeleting(true)}>
                    <FormattedMessage id="parts.delete" />
                  </Button>
                </ActionListItem>
              ) : null}
            </ActionListGroup>
          </ActionList>
        ) : undefined
      }
    >
      {query.isError && !detail ? (
        <ErrorView error={query.error} retry={() => void query.refetch()} />
      ) : detail === undefined ? (
        <Waiting lines={8} />
      ) : (
        <>
          <Facts facts={factsOf(detail)} />
          {children(detail)}
          {isEditing ? edit(detail, () => setEditing(false)) : null}
          {isDeleting ? (
            <DeleteModal
              kind={kind}
              id={detail.id}
              name={name}
              onDeleted={() => navigate(`/${folders[kind]}`)}
              onClose={() => setDeleting(false)}
            />
          ) : null}
        </>
      )}
    </PageFrame>
  )
}

function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <DescriptionList isCompact columnModifier={{ lg: '2Col' }} className="ip-place-facts">
      {facts.map(([name, value]) => (
        <DescriptionListGroup key={name}>
          <DescriptionListTerm>
            <FormattedMessage id={`places.${name}`} />
          </DescriptionListTerm>
          <DescriptionListDescription className="ip-break">{value}</DescriptionListDescription>
        </DescriptionListGroup>
      ))}
    </DescriptionList>
  )
}
