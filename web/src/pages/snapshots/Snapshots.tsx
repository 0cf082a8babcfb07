import { Content, Label, Title } from '@patternfly/react-core'
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { FormattedMessage, useIntl } from 'react-intl'
import type {
  WireInstance,
  WireSnapshot,
  WireSnapshotList,
} from '../../../../src/faces/console/wire-instances.ts'
import { get } from '../../api/client.ts'
import { pageParameters, useListAddress } from '../../parts/list-address.ts'
import { Pages } from '../../parts/Pages.tsx'
import { QueryView } from '../../parts/QueryView.tsx'
import { Bytes, None, When } from '../../parts/values.tsx'
import { SnapshotDeeds } from './SnapshotDeeds.tsx'
import { type Deed, isBusy } from './snapshot.ts'

const usual = { page: 1, perPage: 20 }
/** While one of them is being worked on, the list is looked at again after so many milliseconds. */
const pause = 1_000

/** The snapshots of an instance, newest first, and what can be done with them. */
export function Snapshots({
  instance,
  onDo,
}: {
  readonly instance: WireInstance
  readonly onDo: (deed: Deed, snapshot: WireSnapshot) => void
}) {
  const { uuid } = instance
  const intl = useIntl()
  const text = (name: string) => intl.formatMessage({ id: `snapshots.snapshot.${name}` })
  const [address, change] = useListAddress(usual)
  const query = useQuery({
    queryKey: ['instance', uuid, 'snapshots', address],
    queryFn: ({ signal }) =>
      get<WireSnapshotList>(`/instances/${uuid}/snapshots`, pageParameters(address), signal),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.snapshots.some(isBusy) ? pause : false),
  })
  return (
    <>
      <Title headingLevel="h2" size="lg" className="ip-instance-part">
        {text('title')}
      </Title>
      <QueryView query={query}>
        {({ snapshots, total }) =>
          total === 0 ? (
            <Content component="p">{text('none')}</Content>
          ) : (
            <>
              <Table aria-label={text('title')} variant="compact" gridBreakPoint="grid-md">
                <Thead>
                  <Tr>
                    <Th>{text('name')}</Th>
                    <Th>{text('disk')}</Th>
                    <Th>{text('status')}</Th>
                    <Th>{text('note')}</Th>
                    <Th>{text('size')}</Th>
                    <Th>{text('created')}</Th>
                    <Th screenReaderText={text('actions')} />
                  </Tr>
                </Thead>
                <Tbody>
                  {snapshots.map((snapshot) => (
                    <Tr key={snapshot.id}>
                      <Td dataLabel={text('name')} modifier="breakWord">
                        {snapshot.name}
                      </Td>
                      <Td dataLabel={text('disk')}>{intl.formatNumber(snapshot.disk)}</Td>
                      <Td dataLabel={text('status')}>
                        {/* In a card a label would be as wide as the card. */}
                        <div>
                          <SnapshotStatus status={snapshot.status} />
                        </div>
                      </Td>
                      <Td dataLabel={text('note')} modifier="breakWord">
                        {snapshot.note || <None />}
                      </Td>
                      <Td dataLabel={text('size')} modifier="nowrap">
                        <Bytes value={snapshot.size} />
                      </Td>
                      <Td dataLabel={text('created')}>
                        <When at={snapshot.createdAt} />
                      </Td>
                      <Td dataLabel={text('actions')} modifier="fitContent">
                        <SnapshotDeeds
                          instance={instance}
                          snapshot={snapshot}
                          onDo={(deed) => onDo(deed, snapshot)}
                        />
                      </Td>
                    </Tr>
                  ))}
                </Tbody>
              </Table>
              {total <= address.perPage && address.page === 1 ? null : (
                <Pages place="below" total={total} {...address} onChange={change} />
              )}
            </>
          )
        }
      </QueryView>
    </>
  )
}

const looks = { ok: 'success', pending: 'info', rollback: 'info', lost: 'danger' } as const

function SnapshotStatus({ status }: Pick<WireSnapshot, 'status'>) {
  return (
    <Label isCompact status={looks[status as keyof typeof looks]}>
      <FormattedMessage id={`snapshots.snapshot.status.${status}`} />
    </Label>
  )
}
