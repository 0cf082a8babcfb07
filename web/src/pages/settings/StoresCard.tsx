import {
  Label,
  Progress,
  ProgressMeasureLocation,
  ProgressVariant,
  Stack,
  StackItem,
} from '@patternfly/react-core'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireStoreHealth } from '../../../../src/faces/console/wire-settings.ts'
import { PageCard } from '../../parts/PageCard.tsx'
import { useBytes } from '../../parts/values.tsx'

/** Shares of a store that are used, from which there is little room, and hardly any. */
const tight = 0.8
const full = 0.95

/** How full each store is. */
export function StoresCard({ stores }: { readonly stores: readonly WireStoreHealth[] }) {
  const intl = useIntl()
  return (
    <PageCard title={intl.formatMessage({ id: 'settings.stores' })}>
      <Stack hasGutter>
        {stores.map((store) => (
          <StackItem key={store.name}>
            <Space store={store} />
            {store.isDefault && stores.length > 1 ? (
              <Label isCompact>
                <FormattedMessage id="settings.store.default" />
              </Label>
            ) : null}
            {store.readOnly ? (
              <Label isCompact>
                <FormattedMessage id="settings.store.readOnly" />
              </Label>
            ) : null}
          </StackItem>
        ))}
      </Stack>
    </PageCard>
  )
}

function Space({ store: { name, free, total } }: { readonly store: WireStoreHealth }) {
  const intl = useIntl()
  const words = useBytes()
  if (free === null || total === null || total === 0)
    return (
      <div>
        <strong>{name}</strong> <FormattedMessage id="settings.store.unknown" />
      </div>
    )
  const share = 1 - free / total
  const text = intl.formatMessage({ id: 'settings.store.free' }, { free: words(free), total: words(total) })
  const variant =
    share >= full ? ProgressVariant.danger : share >= tight ? ProgressVariant.warning : undefined
  return (
    <Progress
      title={name}
      value={share * 100}
      label={text}
      valueText={text}
      size="sm"
      measureLocation={ProgressMeasureLocation.top}
      {...(variant === undefined ? {} : { variant })}
    />
  )
}
