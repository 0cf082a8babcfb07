import { Button, Grid, GridItem } from '@patternfly/react-core'
import { useState } from 'react'
import { FormattedMessage } from 'react-intl'
import { useParams } from 'react-router'
import { AdminOnly } from './AdminOnly.tsx'
import { DeleteModal } from './DeleteModal.tsx'
import { Grants } from './Grants.tsx'
import { GroupModal } from './GroupModal.tsx'
import { Members } from './Members.tsx'
import { OnePage } from './OnePage.tsx'
import { useOne } from './people.ts'

/** One group: who is in it, and what its users may do through it. */
export default function GroupPage() {
  return (
    <AdminOnly>
      <Group />
    </AdminOnly>
  )
}

function Group() {
  const { name = '' } = useParams()
  const query = useOne('groups', name)
  const [open, setOpen] = useState<'edit' | 'delete'>()
  const close = () => setOpen(undefined)
  const actions = () => (
    <>
      <Button variant="secondary" onClick={() => setOpen('edit')}>
        <FormattedMessage id="parts.edit" />
      </Button>{' '}
      <Button variant="danger" onClick={() => setOpen('delete')}>
        <FormattedMessage id="parts.delete" />
      </Button>
    </>
  )
  return (
    <OnePage noun="groups" name={name} intro={query.data?.label} query={query} actions={actions}>
      {(group) => (
        <Grid hasGutter>
          <GridItem lg={6}>
            <Members group={group.name} />
          </GridItem>
          <GridItem lg={6}>
            <Grants subject={{ noun: 'groups', name: group.name }} />
          </GridItem>
          {open === 'edit' ? <GroupModal group={group} onClose={close} /> : null}
          {open === 'delete' ? <DeleteModal noun="groups" name={group.name} onClose={close} /> : null}
        </Grid>
      )}
    </OnePage>
  )
}
