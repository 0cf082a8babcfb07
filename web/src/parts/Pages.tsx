import { Pagination } from '@patternfly/react-core'
import { useIntl } from 'react-intl'

/** Leads through the pages of a list, in the language of the console. */
export function Pages({
  total,
  page,
  perPage,
  onChange,
  place,
}: {
  /** Undefined while it is not known. */
  readonly total: number | undefined
  /** From 1. */
  readonly page: number
  readonly perPage: number
  readonly onChange: (change: { readonly page?: number; readonly perPage?: number }) => void
  readonly place: 'above' | 'below'
}) {
  const intl = useIntl()
  const text = (id: string) => intl.formatMessage({ id: `parts.pages.${id}` })
  return (
    <Pagination
      {...(place === 'above' ? { isCompact: true } : { variant: 'bottom' as const })}
      itemCount={total ?? 0}
      page={page}
      perPage={perPage}
      onSetPage={(_, wanted) => onChange({ page: wanted })}
      onPerPageSelect={(_, wanted) => onChange({ perPage: wanted })}
      titles={{
        items: '',
        ofWord: text('of'),
        perPageSuffix: text('perPage'),
        paginationAriaLabel: text(place),
        currPageAriaLabel: text('current'),
        toFirstPageAriaLabel: text('first'),
        toPreviousPageAriaLabel: text('previous'),
        toNextPageAriaLabel: text('next'),
        toLastPageAriaLabel: text('last'),
      }}
    />
  )
}
