import { Content, TabContent, Tabs, TabTitleText, Tab as ViewTab } from '@patternfly/react-core'
import { FormattedMessage, useIntl } from 'react-intl'
import { useSearchParams } from 'react-router'
import type { WireExhibit } from '../../../../../src/faces/console/wire-image.ts'
import { QueryView } from '../../../parts/QueryView.tsx'
import type { TabProps } from '../tabs.ts'
import { ExhibitView } from './ExhibitView.tsx'
import { useExhibits } from './exhibits.ts'

/** One image, in everybody's words. */
export function SeenByTab({ detail: { image } }: TabProps) {
  const query = useExhibits(image.uuid)
  return (
    <>
      <Content component="p">
        <FormattedMessage id="image.seenBy.intro" />
      </Content>
      <QueryView query={query} lines={12}>
        {(exhibits) => <Systems exhibits={exhibits} />}
      </QueryView>
    </>
  )
}

function Systems({ exhibits }: { readonly exhibits: readonly WireExhibit[] }) {
  const intl = useIntl()
  const [search, setSearch] = useSearchParams()
  const wanted = search.get('system')
  const exhibit = exhibits.find(({ system }) => system === wanted) ?? exhibits[0]
  if (!exhibit) return null
  return (
    <>
      <Tabs
        activeKey={exhibit.system}
        isSubtab
        aria-label={intl.formatMessage({ id: 'image.seenBy.systems' })}
        backScrollAriaLabel={intl.formatMessage({ id: 'image.tabs.back' })}
        forwardScrollAriaLabel={intl.formatMessage({ id: 'image.tabs.forward' })}
        onSelect={(_, system) => setSearch({ system: String(system) }, { replace: true })}
      >
        {exhibits.map(({ system }) => (
          <ViewTab
            key={system}
            eventKey={system}
            tabContentId={`seen-by-${system}`}
            title={
              <TabTitleText>
                <FormattedMessage id={`image.system.${system}`} />
              </TabTitleText>
            }
          />
        ))}
      </Tabs>
      <TabContent
        key={exhibit.system}
        id={`seen-by-${exhibit.system}`}
        eventKey={exhibit.system}
        activeKey={exhibit.system}
        aria-label={intl.formatMessage({ id: `image.system.${exhibit.system}` })}
        className="ip-tab"
      >
        <ExhibitView exhibit={exhibit} />
      </TabContent>
    </>
  )
}
