import { Button, Content, Title } from '@patternfly/react-core'
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table'
import { FormattedMessage, useIntl } from 'react-intl'
import { Link } from 'react-router'
import type { WireDisk } from '../../../../src/faces/console/wire-instances.ts'
import { Bytes, None } from '../../parts/values.tsx'

/** The disks of an instance; of each a snapshot can be taken. */
export function Disks({
  disks,
  onSnapshot,
}: {
  readonly disks: readonly WireDisk[]
  readonly onSnapshot: (disk: number) => void
}) {
  const intl = useIntl()
  const text = (name: string) => intl.formatMessage({ id: `snapshots.disk.${name}` })
  return (
    <>
      <Title headingLevel="h2" size="lg" className="ip-instance-part">
        {text('title')}
      </Title>
      {disks.length === 0 ? (
        <Content component="p">{text('none')}</Content>
      ) : (
        <Table aria-label={text('title')} variant="compact" gridBreakPoint="grid-md">
          <Thead>
            <Tr>
              <Th>{text('number')}</Th>
              <Th>{text('size')}</Th>
              <Th>{text('image')}</Th>
              <Th>{text('boot')}</Th>
              <Th screenReaderText={text('actions')} />
            </Tr>
          </Thead>
          <Tbody>
            {disks.map(({ number, size, image, boot }) => (
              <Tr key={number}>
                <Td dataLabel={text('number')}>{intl.formatNumber(number)}</Td>
                <Td dataLabel={text('size')}>
                  <Bytes value={size} />
                </Td>
                <Td dataLabel={text('image')}>
                  {image === null ? (
                    <None />
                  ) : image.handle === null ? (
                    <span className="ip-mono">{image.uuid}</span>
                  ) : (
                    <Link to={`/images/${image.uuid}`}>{image.handle}</Link>
                  )}
                </Td>
                <Td dataLabel={text('boot')}>
                  <FormattedMessage id={boot ? 'parts.yes' : 'parts.no'} />
                </Td>
                <Td dataLabel={text('actions')} modifier="fitContent">
                  <Button
                    variant="secondary"
                    size="sm"
                    aria-label={intl.formatMessage({ id: 'snapshots.disk.snap.what' }, { number })}
                    onClick={() => onSnapshot(number)}
                  >
                    {text('snap')}
                  </Button>
                </Td>
              </Tr>
            ))}
          </Tbody>
        </Table>
      )}
    </>
  )
}
