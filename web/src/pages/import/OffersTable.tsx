import { Button, Label } from '@patternfly/react-core'
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table'
import { FormattedMessage, useIntl } from 'react-intl'
import { Link } from 'react-router'
import type { WireOffer } from '../../../../src/faces/console/wire-repositories.ts'
import { Bytes, None, When } from '../../parts/values.tsx'

/** `sort`: the server can sort by it. */
const columns = [
  { name: 'name', sort: true },
  { name: 'version', sort: false },
  { name: 'os', sort: false },
  { name: 'type', sort: false },
  { name: 'size', sort: true },
  { name: 'published', sort: true },
] as const

export function OffersTable({
  offers,
  repository,
  sort,
  isStale,
  onSort,
  onLook,
  onImport,
}: {
  readonly offers: readonly WireOffer[]
  readonly repository: string
  readonly sort: string
  /** Another page is on its way. */
  readonly isStale: boolean
  readonly onSort: (sort: string) => void
  readonly onLook: (offer: WireOffer) => void
  readonly onImport: (offer: WireOffer) => void
}) {
  const intl = useIntl()
  const text = (name: string) => intl.formatMessage({ id: `import.offer.${name}` })
  const index = columns.findIndex(({ name }) => name === sort.replace('-', ''))
  const direction = sort.startsWith('-') ? 'desc' : 'asc'
  return (
    <Table
      aria-label={intl.formatMessage({ id: 'import.offers.of' }, { repository })}
      variant="compact"
      gridBreakPoint="grid-lg"
      className={isStale ? 'ip-stale' : ''}
    >
      <Thead>
        <Tr>
          {columns.map((column, columnIndex) => (
            <Th
              key={column.name}
              modifier="nowrap"
              {...(column.sort
                ? {
                    sort: {
                      columnIndex,
                      sortBy: { index, direction },
                      onSort: (_event: unknown, _index: number, wanted: 'asc' | 'desc') =>
                        onSort(`${wanted === 'desc' ? '-' : ''}${column.name}`),
                    },
                  }
                : {})}
            >
              {text(column.name)}
            </Th>
          ))}
          <Th screenReaderText={text('actions')} />
        </Tr>
      </Thead>
      <Tbody>
        {offers.map((offer) => (
          <Tr key={offer.uuid}>
            <Td dataLabel={text('name')}>
              <Button variant="link" isInline className="ip-break" onClick={() => onLook(offer)}>
                {offer.name || offer.uuid}
              </Button>
            </Td>
            <Td dataLabel={text('version')} modifier="breakWord">
              {offer.version || <None />}
            </Td>
            <Td dataLabel={text('os')}>{offer.os || <None />}</Td>
            <Td dataLabel={text('type')} modifier="nowrap">
              {offer.type || <None />}
            </Td>
            <Td dataLabel={text('size')} modifier="nowrap">
              <Bytes value={offer.fileSize} />
            </Td>
            <Td dataLabel={text('published')}>
              <When at={offer.publishedAt} />
            </Td>
            <Td dataLabel={text('actions')} modifier="fitContent">
              {offer.present ? (
                <Present offer={offer} />
              ) : (
                <Button
                  variant="secondary"
                  size="sm"
                  aria-label={intl.formatMessage(
                    { id: 'import.offer.import.what' },
                    { name: offer.name || offer.uuid },
                  )}
                  onClick={() => onImport(offer)}
                >
                  <FormattedMessage id="import.offer.import" />
                </Button>
              )}
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  )
}

/** What is in the catalogue already leads there, unless it is nobody's business. */
export function Present({ offer: { uuid, visible } }: { readonly offer: WireOffer }) {
  const label = <FormattedMessage id="import.offer.present" />
  if (!visible) return <Label isCompact>{label}</Label>
  return (
    <Label
      isCompact
      status="success"
      render={({ className, content, componentRef }) => (
        <Link to={`/images/${uuid}`} className={className} ref={componentRef}>
          {content}
        </Link>
      )}
    >
      {label}
    </Label>
  )
}
