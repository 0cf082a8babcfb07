import { Button, Content } from '@patternfly/react-core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { FormattedMessage } from 'react-intl'
import type { WireImageHistory } from '../../../../../src/faces/console/wire-image.ts'
import { get } from '../../../api/client.ts'
import { Notice } from '../../../parts/Notice.tsx'
import { ErrorView, Waiting } from '../../../parts/QueryView.tsx'
import type { TabProps } from '../tabs.ts'
import { HistoryEntry, type Names } from './HistoryEntry.tsx'

/** Entries at a time. */
const limit = 20

/** Everything that was done to the image: by whom, when, and through which system. */
export function HistoryTab({ detail: { image, sees } }: TabProps) {
  const query = useInfiniteQuery({
    queryKey: ['image', image.uuid, 'history'],
    queryFn: ({ pageParam, signal }) =>
      get<WireImageHistory>(`/images/${image.uuid}/history`, { limit, before: pageParam }, signal),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: ({ entries }) => (entries.length < limit ? undefined : entries.at(-1)!.id),
    enabled: sees.history,
  })
  if (!sees.history) return <Notice title={<FormattedMessage id="image.history.forbidden" />} />
  if (query.isError && !query.data)
    return <ErrorView error={query.error} retry={() => void query.refetch()} />
  if (!query.data) return <Waiting lines={8} />
  const { pages } = query.data
  const names: Names = {
    projects: new Map(pages.flatMap(({ projects }) => projects.map(({ id, name }) => [String(id), name]))),
    users: new Map(pages.flatMap(({ users }) => users.map(({ id, name }) => [String(id), name]))),
  }
  return (
    <>
      <Content component="p">
        <FormattedMessage id="image.history.intro" />
      </Content>
      <ol className="ip-timeline">
        {pages
          .flatMap(({ entries }) => entries)
          .map((entry) => (
            <HistoryEntry key={entry.id} entry={entry} names={names} />
          ))}
      </ol>
      {query.hasNextPage ? (
        <Button
          variant="secondary"
          isLoading={query.isFetchingNextPage}
          isDisabled={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          <FormattedMessage id="image.history.more" />
        </Button>
      ) : null}
    </>
  )
}
