import { Content, Flex, Label } from '@patternfly/react-core'
import { FormattedMessage, useIntl } from 'react-intl'
import { useMe } from '../../app/session.tsx'
import { PageCard } from '../../parts/PageCard.tsx'

/** What one may do in a project oneself; what others may, only administrators see. */
export function OwnRoles({ project }: { readonly project: string }) {
  const intl = useIntl()
  const own = useMe().roles.filter((held) => held.project === project)
  return (
    <PageCard title={intl.formatMessage({ id: 'people.roles.own' })}>
      {own.length === 0 ? (
        <Content component="p">
          <FormattedMessage id="people.grants.none" />
        </Content>
      ) : (
        <Flex columnGap={{ default: 'columnGapXs' }}>
          {own.map(({ role }) => (
            <Label key={role} isCompact>
              <FormattedMessage id={`people.role.${role}`} />
            </Label>
          ))}
        </Flex>
      )}
    </PageCard>
  )
}
