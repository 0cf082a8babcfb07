import {
  Content,
  EmptyState,
  EmptyStateBody,
  Grid,
  GridItem,
  Title,
  ToggleGroup,
  ToggleGroupItem,
} from '@patternfly/react-core'
import { useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { Link } from 'react-router'
import type { WireExhibit, WireShown } from '../../../../../src/faces/console/wire-image.ts'
import { CopyBlock } from '../../../parts/CopyBlock.tsx'

/** What a system answers about the image, and what its people type to get it. */
export function ExhibitView({ exhibit }: { readonly exhibit: WireExhibit }) {
  if (!exhibit.shown)
    return (
      <EmptyState titleText={<FormattedMessage id="image.seenBy.absent" />} headingLevel="h2" variant="sm">
        <EmptyStateBody>
          <FormattedMessage id={`image.absent.${exhibit.why}`} />
        </EmptyStateBody>
      </EmptyState>
    )
  return (
    <Grid hasGutter>
      <GridItem lg={6}>
        <Commands shown={exhibit} />
      </GridItem>
      <GridItem lg={6}>
        <Answer shown={exhibit} />
      </GridItem>
    </Grid>
  )
}

function Answer({ shown: { request, body } }: { readonly shown: WireShown }) {
  const intl = useIntl()
  return (
    <div className="ip-cards">
      <Title headingLevel="h2" size="md">
        <FormattedMessage id="image.seenBy.answer" />
      </Title>
      <Content component="p" className="ip-mono">
        {request.method} {request.path}
      </Content>
      <CopyBlock
        text={JSON.stringify(body, null, 2)}
        label={intl.formatMessage({ id: 'image.seenBy.answer' })}
      />
    </div>
  )
}

function Commands({ shown: { commands, prepare, secret } }: { readonly shown: WireShown }) {
  const intl = useIntl()
  const tools = [...new Set(commands.map(({ tool }) => tool))]
  const [chosen, setChosen] = useState(tools[0])
  return (
    <div className="ip-cards">
      <Title headingLevel="h2" size="md">
        <FormattedMessage id="image.seenBy.commands" />
      </Title>
      {tools.length > 1 ? (
        <ToggleGroup aria-label={intl.formatMessage({ id: 'image.seenBy.tool' })}>
          {tools.map((tool) => (
            <ToggleGroupItem
              key={tool}
              text={tool}
              buttonId={`tool-${tool}`}
              isSelected={tool === chosen}
              onChange={() => setChosen(tool)}
            />
          ))}
        </ToggleGroup>
      ) : null}
      {prepare === '' ? null : (
        <Step title={intl.formatMessage({ id: 'image.seenBy.prepare' })} text={prepare}>
          <FormattedMessage
            id={`image.secret.${secret}`}
            values={{
              tokens: (
                <Link to="/me">
                  <FormattedMessage id="nav.tokens" />
                </Link>
              ),
            }}
          />
        </Step>
      )}
      {commands
        .filter(({ tool }) => tool === chosen)
        .map(({ purpose, tool, text }) => (
          <Step
            key={`${purpose} ${tool}`}
            title={intl.formatMessage({ id: `image.purpose.${purpose}` })}
            text={text}
          >
            {/\$(DATACENTER|COMPUTE_RESOURCE)\b/.test(text) ? (
              <FormattedMessage
                id={`image.seenBy.fill.${/\$DATACENTER\b/.test(text) ? 'datacenter' : 'resource'}`}
              />
            ) : null}
          </Step>
        ))}
    </div>
  )
}

function Step({
  title,
  text,
  children,
}: {
  readonly title: string
  readonly text: string
  readonly children?: React.ReactNode
}) {
  return (
    <div className="ip-step">
      <Title headingLevel="h3" size="md">
        {title}
      </Title>
      {children ? <Content component="p">{children}</Content> : null}
      <CopyBlock text={text} label={title} />
    </div>
  )
}
