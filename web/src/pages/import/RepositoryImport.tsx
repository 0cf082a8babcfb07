import {
  Button,
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
} from '@patternfly/react-core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { FormattedMessage } from 'react-intl'
import type { WireImportStarted } from '../../../../src/faces/console/wire.ts'
import type { WireRepositoryList } from '../../../../src/faces/console/wire-repositories.ts'
import { get } from '../../api/client.ts'
import { useMe } from '../../app/session.tsx'
import { useListAddress } from '../../parts/list-address.ts'
import { QueryView } from '../../parts/QueryView.tsx'
import { AddRepositoryModal } from './AddRepositoryModal.tsx'
import { Offers } from './Offers.tsx'
import { noOfferFilter, usualOffers } from './offer-search.ts'
import { RepositoryBar } from './RepositoryBar.tsx'

/** An image that another repository offers. */
export function RepositoryImport({ onBegun }: { readonly onBegun: (started: WireImportStarted) => void }) {
  const { superAdmin } = useMe()
  const [search, change] = useListAddress(usualOffers)
  const [isAdding, setAdding] = useState(false)
  const query = useQuery({
    queryKey: ['repositories'],
    queryFn: ({ signal }) => get<WireRepositoryList>('/repositories', {}, signal),
  })
  return (
    <>
      <QueryView query={query} lines={12}>
        {({ repositories }) => {
          const [first] = repositories
          const chosen = repositories.find(({ name }) => name === search.repository) ?? first
          if (!chosen) return <NoRepositories onAdd={superAdmin ? () => setAdding(true) : null} />
          return (
            <>
              <RepositoryBar
                repositories={repositories}
                chosen={chosen}
                onChoose={(repository) => change({ repository, ...noOfferFilter })}
                onAdd={() => setAdding(true)}
              />
              <Offers repository={chosen} search={search} onChange={change} onBegun={onBegun} />
            </>
          )
        }}
      </QueryView>
      {isAdding ? (
        <AddRepositoryModal
          onClose={() => setAdding(false)}
          onAdded={(repository) => change({ repository, ...noOfferFilter })}
        />
      ) : null}
    </>
  )
}

function NoRepositories({ onAdd }: { readonly onAdd: (() => void) | null }) {
  return (
    <EmptyState titleText={<FormattedMessage id="import.repositories.none" />} headingLevel="h2">
      <EmptyStateBody>
        <FormattedMessage id={`import.repositories.none.${onAdd ? 'admin' : 'body'}`} />
      </EmptyStateBody>
      {onAdd ? (
        <EmptyStateFooter>
          <EmptyStateActions>
            <Button onClick={onAdd}>
              <FormattedMessage id="import.repository.add" />
            </Button>
          </EmptyStateActions>
        </EmptyStateFooter>
      ) : null}
    </EmptyState>
  )
}
