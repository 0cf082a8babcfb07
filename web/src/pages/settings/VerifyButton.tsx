import { Button } from '@patternfly/react-core'
import { useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { useNavigate } from 'react-router'
import type { WireTask } from '../../../../src/faces/console/wire.ts'
import { post } from '../../api/client.ts'
import { FormModal } from '../../parts/form/FormModal.tsx'

/** Begins to read all bytes again and to compare them with their digests; the task tells what came of it. */
export function VerifyButton() {
  const intl = useIntl()
  const navigate = useNavigate()
  const [isAsking, setAsking] = useState(false)
  return (
    <>
      <Button variant="secondary" onClick={() => setAsking(true)}>
        <FormattedMessage id="settings.verify" />
      </Button>
      {isAsking ? (
        <FormModal
          title={intl.formatMessage({ id: 'settings.verify' })}
          action={intl.formatMessage({ id: 'settings.verify.begin' })}
          fields={[]}
          send={() => post<WireTask>('/verify')}
          onDone={({ id }) => navigate(`/tasks/${id}`)}
          onClose={() => setAsking(false)}
        >
          {() => <FormattedMessage id="settings.verify.ask" />}
        </FormModal>
      ) : null}
    </>
  )
}
