import { Stack, StackItem, Tab, Tabs, TabTitleText } from '@patternfly/react-core'
import { useState } from 'react'
import { useIntl } from 'react-intl'
import { useSearchParams } from 'react-router'
import type { WireImportStarted } from '../../../../src/faces/console/wire.ts'
import { PageFrame } from '../../parts/PageFrame.tsx'
import { Started } from '../../parts/Started.tsx'
import { RepositoryImport } from './RepositoryImport.tsx'
import { UrlImport } from './UrlImport.tsx'

const sources = ['url', 'repository'] as const

/** Images that the server fetches by itself. Each way has an address of its own. */
export default function ImportPage() {
  const intl = useIntl()
  const [parameters, setParameters] = useSearchParams()
  const from = parameters.get('from') === 'repository' ? 'repository' : 'url'
  const [begun, setBegun] = useState<readonly WireImportStarted[]>([])
  const begin = (started: WireImportStarted) => setBegun((others) => [started, ...others])
  const forget = (id: string) => setBegun((others) => others.filter(({ task }) => task.id !== id))

  return (
    <PageFrame
      title={intl.formatMessage({ id: 'import.title' })}
      intro={intl.formatMessage({ id: 'import.intro' })}
    >
      <Stack hasGutter>
        <StackItem>
          <Tabs
            activeKey={from}
            aria-label={intl.formatMessage({ id: 'import.sources' })}
            onSelect={(_, source) => setParameters(source === 'url' ? {} : { from: String(source) })}
          >
            {sources.map((source) => (
              <Tab
                key={source}
                eventKey={source}
                title={<TabTitleText>{intl.formatMessage({ id: `import.from.${source}` })}</TabTitleText>}
                tabContentId="import-source"
              />
            ))}
          </Tabs>
        </StackItem>
        {begun.map((started) => (
          <StackItem key={started.task.id}>
            <Started started={started} onClose={() => forget(started.task.id)} />
          </StackItem>
        ))}
        <StackItem isFilled>
          <section
            id="import-source"
            role="tabpanel"
            aria-label={intl.formatMessage({ id: `import.from.${from}` })}
          >
            {from === 'url' ? <UrlImport onBegun={begin} /> : <RepositoryImport onBegun={begin} />}
          </section>
        </StackItem>
      </Stack>
    </PageFrame>
  )
}
