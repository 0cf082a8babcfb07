import { Button, Label } from '@patternfly/react-core'
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireMember } from '../../../../../src/faces/console/wire-image.ts'
import { useToasts } from '../../../parts/toasts.tsx'
import { When } from '../../../parts/values.tsx'
import { useDecide, useShare } from './members.ts'

const looks = { accepted: 'success', rejected: 'danger', pending: 'info' } as const

export function MembersTable({
  uuid,
  members,
  mayRemove,
}: {
  readonly uuid: string
  readonly members: readonly WireMember[]
  readonly mayRemove: boolean
}) {
  const intl = useIntl()
  const toasts = useToasts()
  const share = useShare(uuid)
  const decide = useDecide(uuid)
  if (members.length === 0)
    return (
      <p>
        <FormattedMessage id="image.members.none" />
      </p>
    )
  const columns = ['project', 'status', 'since'] as const
  return (
    <Table aria-label={intl.formatMessage({ id: 'image.card.members' })} variant="compact">
      <Thead>
        <Tr>
          {columns.map((name) => (
            <Th key={name}>
              <FormattedMessage id={`image.member.${name}`} />
            </Th>
          ))}
          <Th screenReaderText={intl.formatMessage({ id: 'image.actions' })} />
        </Tr>
      </Thead>
      <Tbody>
        {members.map((member) => {
          const name = member.project?.label || member.project?.name || member.id
          const label = (id: string) => intl.formatMessage({ id: `image.member.${id}` })
          return (
            <Tr key={member.id}>
              <Td dataLabel={label('project')} className="ip-break">
                {name}
                {member.project === null ? (
                  <>
                    {' '}
                    <Label isCompact variant="outline">
                      <FormattedMessage id="image.member.unknown" />
                    </Label>
                  </>
                ) : null}
              </Td>
              <Td dataLabel={label('status')}>
                <Label isCompact status={looks[member.status]}>
                  <FormattedMessage id={`image.member.status.${member.status}`} />
                </Label>
              </Td>
              <Td dataLabel={label('since')}>
                <When at={member.updatedAt} />
              </Td>
              <Td className="ip-row-actions">
                {(['accepted', 'rejected'] as const)
                  .filter((status) => member.mayDecide && status !== member.status)
                  .map((status) => (
                    <Button
                      key={status}
                      variant="link"
                      isInline
                      aria-label={intl.formatMessage({ id: `image.member.decide.${status}.for` }, { name })}
                      onClick={() => void decide(member, status).catch(toasts.fail)}
                    >
                      <FormattedMessage id={`image.member.decide.${status}`} />
                    </Button>
                  ))}
                {mayRemove ? (
                  <Button
                    variant="link"
                    isInline
                    isDanger
                    aria-label={intl.formatMessage({ id: 'image.member.remove.for' }, { name })}
                    onClick={() => void share.remove(member).catch(toasts.fail)}
                  >
                    <FormattedMessage id="image.member.remove" />
                  </Button>
                ) : null}
              </Td>
            </Tr>
          )
        })}
      </Tbody>
    </Table>
  )
}
