import {
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
} from '@patternfly/react-core'
import { FormattedMessage, FormattedNumber, useIntl } from 'react-intl'
import { Link } from 'react-router'
import type { WireHealth } from '../../../../src/faces/console/wire-settings.ts'
import { PageCard } from '../../parts/PageCard.tsx'

/** How many tasks there are in each state. */
export function TaskCounts({ tasks }: { readonly tasks: WireHealth['tasks'] }) {
  const intl = useIntl()
  return (
    <PageCard
      title={intl.formatMessage({ id: 'settings.tasks' })}
      actions={
        <Link to="/tasks">
          <FormattedMessage id="settings.tasks.show" />
        </Link>
      }
    >
      <DescriptionList isCompact isHorizontal horizontalTermWidthModifier={{ default: '8rem' }}>
        {tasks.map(({ state, count }) => (
          <DescriptionListGroup key={state}>
            <DescriptionListTerm>
              <FormattedMessage id={`settings.task.${state}`} />
            </DescriptionListTerm>
            <DescriptionListDescription>
              <FormattedNumber value={count} />
            </DescriptionListDescription>
          </DescriptionListGroup>
        ))}
      </DescriptionList>
    </PageCard>
  )
}
