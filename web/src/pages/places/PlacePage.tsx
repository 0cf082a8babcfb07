import './places.css'
import {
  ActionList,
  ActionListGroup,
  ActionListItem,
  Breadcrumb,
  BreadcrumbItem,
  Button,
} from '@patternfly/react-core'
import { type ReactNode, useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { Link, useNavigate, useParams } from 'react-router'
import { type Fact, Facts } from '../../parts/Facts.tsx'
import { PageFrame } from '../../parts/PageFrame.tsx'
import { ErrorView, Waiting } from '../../parts/QueryView.tsx'
import { DeleteModal } from './DeleteModal.tsx'
import { folders, type PlaceKind, usePlace } from './places.ts'

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
  const [isGone, setGone] = useState(false)
  // What is being deleted is not asked for again: live events may tell of its end before the answer does.
  const query = usePlace<Detail>(kind, id, !isDeleting && !isGone)
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
          <div className="ip-place-facts">
            <Facts texts="places" facts={factsOf(detail)} />
          </div>
          {children(detail)}
          {isEditing ? edit(detail, () => setEditing(false)) : null}
          {isDeleting ? (
            <DeleteModal
              kind={kind}
              id={detail.id}
              name={name}
              onDeleted={() => {
                setGone(true)
                navigate(`/${folders[kind]}`)
              }}
              onClose={() => setDeleting(false)}
            />
          ) : null}
        </>
      )}
    </PageFrame>
  )
}
