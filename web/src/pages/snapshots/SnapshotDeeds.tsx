import { Button, Flex } from '@patternfly/react-core'
import { useIntl } from 'react-intl'
import type { WireInstance, WireSnapshot } from '../../../../src/faces/console/wire-instances.ts'
import { RowMenu } from '../../parts/list/RowMenu.tsx'
import { type Deed, isBusy } from './snapshot.ts'

/** What can be done with a snapshot, and why some of it cannot be done now. */
export function SnapshotDeeds({
  instance: { mayImage, status },
  snapshot,
  onDo,
}: {
  readonly instance: WireInstance
  readonly snapshot: WireSnapshot
  readonly onDo: (deed: Deed) => void
}) {
  const intl = useIntl()
  const text = (id: string) => intl.formatMessage({ id: `snapshots.${id}` })
  const busy = isBusy(snapshot) ? text('refused.pending') : undefined
  const notWhole = snapshot.status === 'lost' ? text('refused.lost') : busy
  const running = status === 'stopped' ? undefined : text('refused.not-stopped')
  return (
    <Flex
      columnGap={{ default: 'columnGapSm' }}
      flexWrap={{ default: 'nowrap' }}
      justifyContent={{ md: 'justifyContentFlexEnd' }}
    >
      <Button
        variant="secondary"
        size="sm"
        isDisabled={!mayImage || snapshot.status !== 'ok'}
        aria-label={intl.formatMessage({ id: 'snapshots.snapshot.image.what' }, snapshot)}
        onClick={() => onDo('image')}
      >
        {text('snapshot.image')}
      </Button>
      <RowMenu
        name={snapshot.name}
        actions={[
          { text: text('revert'), whyNot: notWhole ?? running, onChoose: () => onDo('revert') },
          { text: text('delete'), isDanger: true, whyNot: busy, onChoose: () => onDo('delete') },
        ]}
      />
    </Flex>
  )
}
