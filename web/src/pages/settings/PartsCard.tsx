import { Icon, List, ListItem } from '@patternfly/react-core'
import { CheckCircleIcon } from '@patternfly/react-icons/dist/esm/icons/check-circle-icon'
import { ExclamationCircleIcon } from '@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireHealth } from '../../../../src/faces/console/wire-settings.ts'
import { Notice } from '../../parts/Notice.tsx'
import { PageCard } from '../../parts/PageCard.tsx'

/** Which parts work; why one does not, the log of the server says. */
export function PartsCard({ health: { parts, version } }: { readonly health: WireHealth }) {
  const intl = useIntl()
  return (
    <PageCard title={intl.formatMessage({ id: 'settings.parts' }, { version })}>
      {parts.every(({ works }) => works) ? null : (
        <Notice variant="danger" title={intl.formatMessage({ id: 'settings.parts.trouble' })} />
      )}
      <List isPlain>
        {parts.map(({ name, works }) => (
          <ListItem
            key={name}
            icon={
              works ? (
                <Icon status="success">
                  <CheckCircleIcon />
                </Icon>
              ) : (
                <Icon status="danger">
                  <ExclamationCircleIcon />
                </Icon>
              )
            }
          >
            <FormattedMessage
              id={works ? 'settings.part.works' : 'settings.part.fails'}
              values={{ part: <PartName name={name} /> }}
            />
          </ListItem>
        ))}
      </List>
    </PageCard>
  )
}

/** `database`, or `store` and its name. */
function PartName({ name }: { readonly name: string }) {
  const [, store] = /^store (.*)$/s.exec(name) ?? []
  return store === undefined ? (
    <FormattedMessage id="settings.part.database" />
  ) : (
    <FormattedMessage id="settings.part.store" values={{ name: store }} />
  )
}
