import { Label, LabelGroup } from '@patternfly/react-core'
import { useIntl } from 'react-intl'
import { Link } from 'react-router'
import type { WireUserDetails } from '../../../../src/faces/console/wire-people.ts'
import { useMe } from '../../app/session.tsx'
import { CopyText } from '../../parts/CopyText.tsx'
import { Facts } from '../../parts/Facts.tsx'
import { None, When } from '../../parts/values.tsx'
import { pathOf } from './people.ts'
import { UserStates } from './UserStates.tsx'

/** Who somebody is. */
export function UserFacts({ user }: { readonly user: WireUserDetails }) {
  const intl = useIntl()
  return (
    <Facts
      texts="users"
      facts={[
        ['name', `${user.firstName} ${user.lastName}`.trim() || <None key="none" />],
        ['email', user.email || <None key="none" />],
        ['column.state', <UserStates key="state" user={user} />],
        ['defaultProject', <DefaultProject key="project" name={user.defaultProject} />],
        ['groups', <Groups key="groups" names={user.groups} />],
        ['lastLoginAt', <When key="login" at={user.lastLoginAt} />],
        ['uuid', <CopyText key="uuid" text={user.uuid} label={intl.formatMessage({ id: 'users.uuid' })} />],
        ['column.createdAt', <When key="created" at={user.createdAt} />],
      ]}
    />
  )
}

function DefaultProject({ name }: { readonly name: string | null }) {
  const { superAdmin, roles } = useMe()
  if (name === null) return <None />
  const isSeen = superAdmin || roles.some(({ project }) => project === name)
  return isSeen ? <Link to={pathOf('projects', name)}>{name}</Link> : name
}

function Groups({ names }: { readonly names: readonly string[] }) {
  const intl = useIntl()
  const { superAdmin } = useMe()
  if (names.length === 0) return <None />
  return (
    <LabelGroup numLabels={10} aria-label={intl.formatMessage({ id: 'users.groups' })}>
      {names.map((name) => (
        <Label
          key={name}
          isCompact
          {...(superAdmin
            ? {
                render: ({ className, content }) => (
                  <Link className={className} to={pathOf('groups', name)}>
                    {content}
                  </Link>
                ),
              }
            : {})}
        >
          {name}
        </Label>
      ))}
    </LabelGroup>
  )
}

/** What a user proves itself by, besides its tokens: only that it is there. */
export function Secrets({ user }: { readonly user: WireUserDetails }) {
  const intl = useIntl()
  const isSet = (value: boolean) => intl.formatMessage({ id: `users.secret.${value}` })
  return (
    <Facts
      texts="users"
      facts={[
        ['password', user.external ? intl.formatMessage({ id: 'users.external' }) : isSet(user.password)],
        ['apiKey', isSet(user.apiKey)],
        ['callbackKey', isSet(user.callbackKey)],
        ['sshKeys', intl.formatNumber(user.sshKeys)],
      ]}
    />
  )
}
