import { List, ListItem } from '@patternfly/react-core'
import { FormattedMessage, useIntl } from 'react-intl'
import { documents } from '../../app/menus.tsx'
import { PageCard } from '../../parts/PageCard.tsx'

/** What the interfaces of this installation are described by. */
export function Documents() {
  const intl = useIntl()
  return (
    <PageCard title={intl.formatMessage({ id: 'settings.documents' })}>
      <List isPlain>
        {documents.map(({ name, href }) => (
          <ListItem key={href}>
            <a href={href} target="_blank" rel="noreferrer">
              <FormattedMessage id={`settings.document.${name}`} />
            </a>
          </ListItem>
        ))}
      </List>
    </PageCard>
  )
}
