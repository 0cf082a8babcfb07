import './people.css'
import { Content, Tab, Tabs, TabTitleText } from '@patternfly/react-core'
import { useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireWay } from '../../../../src/faces/console/wire-people.ts'
import { CopyBlock } from '../../parts/CopyBlock.tsx'
import { PageCard } from '../../parts/PageCard.tsx'

/** How programs come in through each of the systems. */
export function Ways({ ways }: { readonly ways: readonly WireWay[] }) {
  const intl = useIntl()
  const [shown, setShown] = useState(ways[0]?.system ?? '')
  return (
    <PageCard title={intl.formatMessage({ id: 'ways.title' })}>
      <Content component="p">
        <FormattedMessage id="ways.about" />
      </Content>
      <Tabs
        activeKey={shown}
        onSelect={(_, system) => setShown(String(system))}
        aria-label={intl.formatMessage({ id: 'ways.title' })}
        backScrollAriaLabel={intl.formatMessage({ id: 'ways.back' })}
        forwardScrollAriaLabel={intl.formatMessage({ id: 'ways.forward' })}
      >
        {ways.map((way) => (
          <Tab
            key={way.system}
            eventKey={way.system}
            title={
              <TabTitleText>
                <FormattedMessage id={`ways.${way.system}`} />
              </TabTitleText>
            }
          >
            <Way way={way} />
          </Tab>
        ))}
      </Tabs>
    </PageCard>
  )
}

function Way({ way: { secret, file, command } }: { readonly way: WireWay }) {
  const intl = useIntl()
  return (
    <div className="ip-way">
      <Content component="p">
        <FormattedMessage id={`ways.secret.${secret}`} />
      </Content>
      {file === null ? null : (
        <>
          <Content component="p">
            <FormattedMessage
              id="ways.file"
              values={{ file: <code className="ip-mono">{file.name}</code> }}
            />
          </Content>
          <CopyBlock text={file.text} label={file.name} />
        </>
      )}
      <CopyBlock text={command} label={intl.formatMessage({ id: 'ways.command' })} />
    </div>
  )
}
