import {
  Button,
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
} from '@patternfly/react-core'
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { useNavigate } from 'react-router'
import type { WireImage, WireImageList } from '../../../../src/faces/console/wire.ts'
import { get } from '../../api/client.ts'
import { PageFrame } from '../../parts/PageFrame.tsx'
import { Pages } from '../../parts/Pages.tsx'
import { QueryView } from '../../parts/QueryView.tsx'
import { useToasts } from '../../parts/toasts.tsx'
import { BulkMenu } from './BulkMenu.tsx'
import { BulkModal } from './BulkModal.tsx'
import type { BulkAction } from './bulk.ts'
import { ColumnsModal } from './ColumnsModal.tsx'
import { useChosenColumns } from './chosen-columns.ts'
import { ImagesTable } from './ImagesTable.tsx'
import { ImagesToolbar } from './ImagesToolbar.tsx'
import { isFiltered, toParameters, useImageSearch } from './search.ts'

export default function ImagesPage() {
  const intl = useIntl()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const toasts = useToasts()
  const [search, change] = useImageSearch()
  const [shown, chooseColumns] = useChosenColumns()
  const [isChoosingColumns, setChoosingColumns] = useState(false)
  const [chosen, setChosen] = useState<ReadonlyMap<string, WireImage>>(new Map())
  const [action, setAction] = useState<BulkAction>()
  const query = useQuery({
    queryKey: ['images', 'list', search],
    queryFn: ({ signal }) => get<WireImageList>('/images', toParameters(search), signal),
    // The old page stays where it is until the new one comes.
    placeholderData: keepPreviousData,
  })
  const images = query.data?.images ?? []

  const choose = useCallback((some: readonly WireImage[], wanted: boolean) => {
    setChosen((before) => {
      const next = new Map(before)
      for (const image of some)
        if (wanted) next.set(image.uuid, image)
        else next.delete(image.uuid)
      return next
    })
  }, [])

  return (
    <PageFrame
      title={intl.formatMessage({ id: 'images.title' })}
      intro={intl.formatMessage({ id: 'images.intro' })}
      actions={
        <>
          <Button onClick={() => navigate('/upload')}>
            <FormattedMessage id="images.upload" />
          </Button>{' '}
          <Button variant="secondary" onClick={() => navigate('/import')}>
            <FormattedMessage id="images.import" />
          </Button>
        </>
      }
    >
      <ImagesToolbar
        search={search}
        onChange={change}
        onColumns={() => setChoosingColumns(true)}
        total={query.data?.total}
        bulk={<BulkMenu count={chosen.size} onAction={setAction} />}
      />
      <QueryView query={query} lines={search.perPage}>
        {({ total }) =>
          total === 0 ? (
            <NoImages isFiltered={isFiltered(search)} />
          ) : (
            <>
              <ImagesTable
                images={images}
                shown={shown}
                sort={search.sort}
                onSort={(sort) => change({ sort })}
                chosen={chosen}
                onChoose={choose}
                isStale={query.isPlaceholderData}
              />
              <Pages
                total={total}
                page={search.page}
                perPage={search.perPage}
                onChange={change}
                place="below"
              />
            </>
          )
        }
      </QueryView>
      {isChoosingColumns ? (
        <ColumnsModal chosen={shown} onChoose={chooseColumns} onClose={() => setChoosingColumns(false)} />
      ) : null}
      {action === undefined ? null : (
        <BulkModal
          action={action}
          images={[...chosen.values()]}
          onClose={() => setAction(undefined)}
          onDone={({ done }) => {
            setChosen(new Map())
            void queries.invalidateQueries({ queryKey: ['images'] })
            if (done > 0) toasts.succeed(intl.formatMessage({ id: 'images.bulk.done' }, { count: done }))
          }}
        />
      )}
    </PageFrame>
  )
}

function NoImages({ isFiltered }: { readonly isFiltered: boolean }) {
  const navigate = useNavigate()
  const text = isFiltered ? 'images.none.found' : 'images.none'
  return (
    <EmptyState titleText={<FormattedMessage id={text} />} headingLevel="h2">
      <EmptyStateBody>
        <FormattedMessage id={`${text}.body`} />
      </EmptyStateBody>
      <EmptyStateFooter>
        <EmptyStateActions>
          {isFiltered ? (
            <Button variant="link" onClick={() => navigate('/images')}>
              <FormattedMessage id="images.filter.clear" />
            </Button>
          ) : (
            <Button onClick={() => navigate('/upload')}>
              <FormattedMessage id="images.upload" />
            </Button>
          )}
        </EmptyStateActions>
      </EmptyStateFooter>
    </EmptyState>
  )
}
