import { Content, EmptyState, EmptyStateBody } from '@patternfly/react-core'
import { Table, Tbody, Th, Thead, Tr } from '@patternfly/react-table'
import { FormattedMessage, useIntl } from 'react-intl'
import type { TabProps } from '../tabs.ts'
import { NewProperty } from './NewProperty.tsx'
import { PropertyRow } from './PropertyRow.tsx'

/** Everything that is said of the image by name and value. */
export function PropertiesTab({ detail: { image, allowed } }: TabProps) {
  const intl = useIntl()
  const mayEdit = allowed.includes('image.update')
  const properties = Object.entries(image.properties).sort(([a], [b]) => (a < b ? -1 : 1))
  return (
    <>
      <Content component="p">
        <FormattedMessage id="image.properties.intro" />
      </Content>
      {mayEdit ? <NewProperty image={image} /> : null}
      {properties.length === 0 ? (
        <EmptyState
          titleText={<FormattedMessage id="image.properties.none" />}
          headingLevel="h2"
          variant="sm"
        >
          <EmptyStateBody>
            <FormattedMessage id="image.properties.none.body" />
          </EmptyStateBody>
        </EmptyState>
      ) : (
        <Table
          aria-label={intl.formatMessage({ id: 'image.tab.properties' })}
          variant="compact"
          className="ip-fixed"
        >
          <Thead>
            <Tr>
              <Th width={30}>
                <FormattedMessage id="image.property.name" />
              </Th>
              <Th>
                <FormattedMessage id="image.property.value" />
              </Th>
              {mayEdit ? (
                <Th
                  screenReaderText={intl.formatMessage({ id: 'image.actions' })}
                  className="ip-row-actions"
                />
              ) : null}
            </Tr>
          </Thead>
          <Tbody>
            {properties.map(([name, value]) => (
              <PropertyRow key={name} uuid={image.uuid} name={name} value={value} mayEdit={mayEdit} />
            ))}
          </Tbody>
        </Table>
      )}
    </>
  )
}
