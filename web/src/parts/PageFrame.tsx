import { Content, Flex, FlexItem, PageSection, Title } from '@patternfly/react-core'
import { type ReactNode, useEffect } from 'react'

/** What every page begins with: its name, what it is for, and what can be done on it. The name is the window's, too. */
export function PageFrame({
  title,
  intro,
  actions,
  above,
  children,
}: {
  readonly title: string
  readonly intro?: ReactNode
  readonly actions?: ReactNode
  /** Where the page belongs, such as a breadcrumb. */
  readonly above?: ReactNode
  readonly children: ReactNode
}) {
  useEffect(() => {
    document.title = `${title} · Imageport`
  }, [title])
  return (
    <>
      <PageSection>
        {above}
        <Flex
          justifyContent={{ default: 'justifyContentSpaceBetween' }}
          alignItems={{ default: 'alignItemsFlexStart' }}
        >
          <FlexItem flex={{ md: 'flex_1' }}>
            <Title headingLevel="h1">{title}</Title>
            {intro === undefined ? null : <Content component="p">{intro}</Content>}
          </FlexItem>
          {actions === undefined ? null : <FlexItem>{actions}</FlexItem>}
        </Flex>
      </PageSection>
      <PageSection isFilled>{children}</PageSection>
    </>
  )
}
