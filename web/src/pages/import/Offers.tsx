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
import type {
  WireOffer,
  WireOfferList,
  WireRepository,
} from '../../../../src/faces/console/wire-repositories.ts'
import { get } from '../../api/client.ts'
import { pageParameters } from '../../parts/list-address.ts'
import { Pages } from '../../parts/Pages.tsx'
import { QueryView } from '../../parts/QueryView.tsx'
import { OfferImportModal } from './OfferImportModal.tsx'
import { OfferModal } from './OfferModal.tsx'
import { OffersTable } from './OffersTable.tsx'
import { OffersToolbar } from './OffersToolbar.tsx'
import { noOfferFilter, type OfferSearch } from './offer-search.ts'
import { useRefresh } from './refresh.ts'

/** What is done with one of them. */
type Chosen = { readonly offer: WireOffer; readonly deed: 'look' | 'import' }

/** The images of a repository. */
export function Offers({
  repository,
  search,
  onChange,
  onBegun,
}: {
  readonly repository: WireRepository
  readonly search: OfferSearch
  readonly onChange: (change: Partial<OfferSearch>) => void
  readonly onBegun: (started: WireImportStarted) => void
}) {
  const { name } = repository
  const [chosen, setChosen] = useState<Chosen>()
  const { repository: _repository, ...asked } = search
  const query = useQuery({
    queryKey: ['offers', name, repository.refreshedAt, asked],
    queryFn: ({ signal }) =>
      get<WireOfferList>(`/repositories/${encodeURIComponent(name)}/images`, pageParameters(asked), signal),
    enabled: repository.imageCount > 0,
    // The old page stays where it is until the new one comes, but another repository is another list.
    placeholderData: (before, query) => (query?.queryKey[1] === name ? before : undefined),
  })
  if (repository.imageCount === 0) return <NothingRead repository={repository} />
  return (
    <>
      <OffersToolbar search={search} onChange={onChange} total={query.data?.total} />
      <QueryView query={query} lines={search.perPage}>
        {({ offers, total }) =>
          total === 0 ? (
            <NothingFound onClear={() => onChange(noOfferFilter)} />
          ) : (
            <>
              <OffersTable
                offers={offers}
                repository={name}
                sort={search.sort}
                isStale={query.isPlaceholderData}
                onSort={(sort) => onChange({ sort })}
                onLook={(offer) => setChosen({ offer, deed: 'look' })}
                onImport={(offer) => setChosen({ offer, deed: 'import' })}
              />
              <Pages
                place="below"
                total={total}
                page={search.page}
                perPage={search.perPage}
                onChange={onChange}
              />
            </>
          )
        }
      </QueryView>
      {chosen?.deed === 'look' ? (
        <OfferModal
          repository={name}
          offer={chosen.offer}
          onClose={() => setChosen(undefined)}
          onImport={() => setChosen({ offer: chosen.offer, deed: 'import' })}
        />
      ) : null}
      {chosen?.deed === 'import' ? (
        <OfferImportModal
          repository={name}
          offer={chosen.offer}
          onClose={() => setChosen(undefined)}
          onBegun={onBegun}
        />
      ) : null}
    </>
  )
}

function NothingRead({ repository: { name, refreshedAt } }: { readonly repository: WireRepository }) {
  const refresh = useRefresh(name)
  const text = refreshedAt === null ? 'import.offers.unread' : 'import.offers.none'
  return (
    <EmptyState titleText={<FormattedMessage id={text} />} headingLevel="h2">
      <EmptyStateBody>
        <FormattedMessage id={`${text}.body`} />
      </EmptyStateBody>
      <EmptyStateFooter>
        <EmptyStateActions>
          <Button
            isLoading={refresh.isPending}
            isDisabled={refresh.isPending}
            onClick={() => refresh.mutate()}
          >
            <FormattedMessage id="import.offers.read" />
          </Button>
        </EmptyStateActions>
      </EmptyStateFooter>
    </EmptyState>
  )
}

function NothingFound({ onClear }: { readonly onClear: () => void }) {
  return (
    <EmptyState titleText={<FormattedMessage id="import.offers.unfound" />} headingLevel="h2">
      <EmptyStateBody>
        <FormattedMessage id="import.offers.unfound.body" />
      </EmptyStateBody>
      <EmptyStateFooter>
        <EmptyStateActions>
          <Button variant="link" onClick={onClear}>
            <FormattedMessage id="form.filters.clear" />
          </Button>
        </EmptyStateActions>
      </EmptyStateFooter>
    </EmptyState>
  )
}
