import { Flex, Label } from '@patternfly/react-core'
import { FormattedMessage } from 'react-intl'
import type { WireUser } from '../../../../src/faces/console/wire.ts'

/** Whether a user is let in, and may do everything. */
export function UserStates({ user: { enabled, superAdmin } }: { readonly user: WireUser }) {
  return (
    <Flex columnGap={{ default: 'columnGapXs' }} rowGap={{ default: 'rowGapXs' }}>
      <Label isCompact status={enabled ? 'success' : 'warning'}>
        <FormattedMessage id={`users.enabled.${enabled}`} />
      </Label>
      {superAdmin ? (
        <Label isCompact color="purple">
          <FormattedMessage id="users.superAdmin" />
        </Label>
      ) : null}
    </Flex>
  )
}
