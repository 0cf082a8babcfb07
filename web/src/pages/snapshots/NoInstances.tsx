import {
  Button,
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
  ModalBody,
  ModalFooter,
  ModalHeader,
} from '@patternfly/react-core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { useNavigate } from 'react-router'
import { useMe } from '../../app/session.tsx'
import { CopyBlock } from '../../parts/CopyBlock.tsx'
import { Dialog } from '../../parts/Dialog.tsx'
import { QueryView } from '../../parts/QueryView.tsx'

/** Where instances come from, for those who have none. */
export function NoInstances() {
  const navigate = useNavigate()
  const { superAdmin } = useMe()
  const [isReading, setReading] = useState(false)
  return (
    <EmptyState titleText={<FormattedMessage id="snapshots.none" />} headingLevel="h2">
      <EmptyStateBody>
        <FormattedMessage id={`snapshots.none.${superAdmin ? 'admin' : 'body'}`} />
      </EmptyStateBody>
      <EmptyStateFooter>
        <EmptyStateActions>
          {superAdmin ? (
            <Button onClick={() => navigate('/compute-resources')}>
              <FormattedMessage id="snapshots.none.resources" />
            </Button>
          ) : null}
          <Button variant={superAdmin ? 'secondary' : 'primary'} onClick={() => setReading(true)}>
            <FormattedMessage id="snapshots.none.docs" />
          </Button>
        </EmptyStateActions>
      </EmptyStateFooter>
      {isReading ? <BootstrapDocs onClose={() => setReading(false)} /> : null}
    </EmptyState>
  )
}

/** What the checkout says of bootstrap files; it is there without any network. */
function BootstrapDocs({ onClose }: { readonly onClose: () => void }) {
  const intl = useIntl()
  const query = useQuery({
    queryKey: ['docs', 'bootstrap'],
    queryFn: async () => (await import('../../../../docs/bootstrap.md?raw')).default,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const title = intl.formatMessage({ id: 'snapshots.none.docs' })
  return (
    <Dialog variant="large" onClose={onClose} aria-labelledby="bootstrap-title">
      <ModalHeader title={title} labelId="bootstrap-title" />
      <ModalBody tabIndex={0}>
        <QueryView query={query}>{(text) => <CopyBlock text={text} label={title} />}</QueryView>
      </ModalBody>
      <ModalFooter>
        <Button onClick={onClose}>
          <FormattedMessage id="parts.close" />
        </Button>
      </ModalFooter>
    </Dialog>
  )
}
