import { Card, CardBody, CardTitle, Content, DescriptionList } from '@patternfly/react-core'
import { FormattedMessage, useIntl } from 'react-intl'
import { QueryView } from '../../../parts/QueryView.tsx'
import type { TabProps } from '../tabs.ts'
import { AddMember } from './AddMember.tsx'
import { MembersTable } from './MembersTable.tsx'
import { useMembers } from './members.ts'
import { VisibilityFact } from './VisibilityFact.tsx'

/** Who may use the image: everybody, its project, or projects that were named. */
export function SharingTab({ detail }: TabProps) {
  const intl = useIntl()
  const { image, allowed } = detail
  const query = useMembers(image)
  const isShared = image.visibility === 'shared'
  return (
    <div className="ip-cards">
      <Card isCompact>
        <CardTitle component="h2">
          <FormattedMessage id="image.card.visibility" />
        </CardTitle>
        <CardBody>
          <DescriptionList
            aria-label={intl.formatMessage({ id: 'image.card.visibility' })}
            orientation={{ sm: 'horizontal' }}
            isCompact
          >
            <VisibilityFact detail={detail} />
          </DescriptionList>
        </CardBody>
      </Card>
      <Card isCompact>
        <CardTitle component="h2">
          <FormattedMessage id="image.card.members" />
        </CardTitle>
        <CardBody>
          <Content component="p">
            <FormattedMessage id={isShared ? 'image.members.intro' : 'image.members.closed'} />
          </Content>
          {isShared ? (
            <>
              {allowed.includes('image.share') ? <AddMember uuid={image.uuid} /> : null}
              <QueryView query={query} lines={2}>
                {(members) => (
                  <MembersTable
                    uuid={image.uuid}
                    members={members}
                    mayRemove={allowed.includes('image.share')}
                  />
                )}
              </QueryView>
            </>
          ) : null}
        </CardBody>
      </Card>
    </div>
  )
}
