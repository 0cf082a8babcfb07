import { Button, Content } from '@patternfly/react-core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { Link } from 'react-router'
import type { WireGrant, WireGrantList } from '../../../../src/faces/console/wire-people.ts'
import { get, patch } from '../../api/client.ts'
import { useMe } from '../../app/session.tsx'
import { ConfirmModal } from '../../parts/ConfirmModal.tsx'
import { type Column, ListTable } from '../../parts/list/ListTable.tsx'
import { RowMenu } from '../../parts/list/RowMenu.tsx'
import { PageCard } from '../../parts/PageCard.tsx'
import { Pages } from '../../parts/Pages.tsx'
import { QueryView } from '../../parts/QueryView.tsx'
import { GrantModal, type Subject } from './GrantModal.tsx'
import { pathOf, usePeopleChanged } from './people.ts'
import { wording } from './refusals.ts'

const parameters = { users: 'user', groups: 'group', projects: 'project' } as const

/** The roles of a user, of a group, or in a project. Administrators give and take them. */
export function Grants({
  subject,
  isAdmin = false,
}: {
  readonly subject: Subject
  /** A user who may do everything without any role. */
  readonly isAdmin?: boolean
}) {
  const intl = useIntl()
  const { superAdmin } = useMe()
  const [page, setPage] = useState({ page: 1, perPage: 20 })
  const [isGranting, setGranting] = useState(false)
  const [revoked, setRevoked] = useState<WireGrant>()
  const query = useQuery({
    queryKey: ['grants', subject.noun, subject.name, page],
    queryFn: ({ signal }) => {
      const { perPage: limit } = page
      const asked = { [parameters[subject.noun]]: subject.name, limit, offset: (page.page - 1) * limit }
      return get<WireGrantList>('/grants', asked, signal)
    },
    placeholderData: keepPreviousData,
  })
  // What comes through a group is the group's.
  const isOwn = ({ user }: WireGrant) => subject.noun !== 'users' || user !== null
  const actions = (grant: WireGrant) =>
    isOwn(grant) ? (
      <RowMenu
        name={intl.formatMessage(
          { id: 'people.grant.one' },
          {
            role: intl.formatMessage({ id: `people.role.${grant.role}` }),
            project: grant.project.name,
            holder: holderOf(grant).name,
          },
        )}
        actions={[
          {
            text: intl.formatMessage({ id: 'people.revoke' }),
            isDanger: true,
            onChoose: () => setRevoked(grant),
          },
        ]}
      />
    ) : null
  return (
    <PageCard
      title={intl.formatMessage({ id: 'people.grants' })}
      actions={
        superAdmin ? (
          <Button variant="secondary" onClick={() => setGranting(true)}>
            <FormattedMessage id="people.grant" />
          </Button>
        ) : undefined
      }
    >
      <QueryView query={query} lines={3}>
        {({ grants, total }) =>
          total === 0 ? (
            <Content component="p">
              <FormattedMessage id={isAdmin ? 'people.grants.admin' : 'people.grants.none'} />
            </Content>
          ) : (
            <>
              <ListTable
                texts="people.grants"
                rows={grants}
                keyOf={({ project, user, group, role }) => JSON.stringify([project.name, user, group, role])}
                columns={columnsFor(subject)}
                actions={superAdmin ? actions : undefined}
                isStale={query.isPlaceholderData}
              />
              {total > 20 ? (
                <Pages
                  place="below"
                  total={total}
                  {...page}
                  onChange={(change) => setPage({ ...page, page: 1, ...change })}
                />
              ) : null}
            </>
          )
        }
      </QueryView>
      {isGranting ? <GrantModal subject={subject} onClose={() => setGranting(false)} /> : null}
      {revoked ? <RevokeModal grant={revoked} onClose={() => setRevoked(undefined)} /> : null}
    </PageCard>
  )
}

function holderOf({ user, group }: WireGrant): Subject {
  return user === null ? { noun: 'groups', name: group ?? '' } : { noun: 'users', name: user }
}

function columnsFor({ noun }: Subject): Column<WireGrant>[] {
  return [
    ...(noun === 'projects'
      ? []
      : [{ name: 'project', show: ({ project }: WireGrant) => <ProjectLink {...project} /> }]),
    ...(noun === 'groups' ? [] : [{ name: 'holder', show: (grant: WireGrant) => <Holder grant={grant} /> }]),
    {
      name: 'role',
      show: ({ role }: WireGrant) => <FormattedMessage id={`people.role.${role}`} />,
    },
  ]
}

function ProjectLink({ name, label }: WireGrant['project']) {
  return (
    <>
      <Link to={pathOf('projects', name)} className="ip-break">
        {name}
      </Link>
      {label === name || label === '' ? null : <div className="ip-break">{label}</div>}
    </>
  )
}

/** A user by itself, or a group; only administrators can look at either. */
function Holder({ grant }: { readonly grant: WireGrant }) {
  const { superAdmin } = useMe()
  const { noun, name } = holderOf(grant)
  const shown = superAdmin ? (
    <Link to={pathOf(noun, name)} className="ip-break">
      {name}
    </Link>
  ) : (
    name
  )
  return <FormattedMessage id={`people.holder.${noun}`} values={{ name: shown }} />
}

function RevokeModal({ grant, onClose }: { readonly grant: WireGrant; readonly onClose: () => void }) {
  const intl = useIntl()
  const changed = usePeopleChanged()
  const { noun, name } = holderOf(grant)
  const { role, project } = grant
  return (
    <ConfirmModal
      title={intl.formatMessage({ id: 'people.revoke' })}
      action={intl.formatMessage({ id: 'people.revoke' })}
      onConfirm={async () => {
        const revoke = [{ project: project.name, role }]
        await wording(intl, patch(pathOf(noun, name), { revoke }))
        await changed()
      }}
      onClose={onClose}
    >
      <FormattedMessage
        id="people.revoke.ask"
        values={{
          role: intl.formatMessage({ id: `people.role.${role}` }),
          project: project.name,
          holder: name,
        }}
      />
    </ConfirmModal>
  )
}
