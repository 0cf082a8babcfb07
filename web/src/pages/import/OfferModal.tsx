import {
  Button,
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
  ExpandableSection,
  ModalBody,
  ModalFooter,
  ModalHeader,
} from '@patternfly/react-core'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireOffer, WireOfferDetail } from '../../../../src/faces/console/wire-repositories.ts'
import { get } from '../../api/client.ts'
import { CopyBlock } from '../../parts/CopyBlock.tsx'
import { Dialog } from '../../parts/Dialog.tsx'
import { QueryView } from '../../parts/QueryView.tsx'
import { Bytes, None, When } from '../../parts/values.tsx'
import { Present } from './OffersTable.tsx'

/** Everything that a repository says of one of its images. */
export function OfferModal({
  repository,
  offer,
  onClose,
  onImport,
}: {
  readonly repository: string
  readonly offer: WireOffer
  readonly onClose: () => void
  readonly onImport: () => void
}) {
  const intl = useIntl()
  const [isOpen, setOpen] = useState(false)
  const { uuid, name, homepage } = offer
  const query = useQuery({
    queryKey: ['offers', repository, 'one', uuid],
    queryFn: ({ signal }) =>
      get<WireOfferDetail>(`/repositories/${encodeURIComponent(repository)}/images/${uuid}`, {}, signal),
    enabled: isOpen,
  })
  const facts: readonly (readonly [string, ReactNode])[] = [
    [
      'uuid',
      <span key="uuid" className="ip-mono">
        {uuid}
      </span>,
    ],
    ['version', offer.version],
    ['os', offer.os],
    ['type', offer.type],
    ['size', <Bytes key="size" value={offer.fileSize} />],
    ['diskSize', <Bytes key="disk" value={offer.diskSize} />],
    ['compression', offer.compression],
    ['published', <When key="published" at={offer.publishedAt} />],
    ['state', offer.state],
    [
      'homepage',
      homepage && (
        <a key="homepage" href={homepage} target="_blank" rel="noreferrer" className="ip-break">
          {homepage}
        </a>
      ),
    ],
  ]
  return (
    <Dialog variant="medium" onClose={onClose} aria-labelledby="offer-title">
      <ModalHeader
        title={name || uuid}
        labelId="offer-title"
        {...(offer.description ? { description: offer.description } : {})}
      />
      <ModalBody>
        <DescriptionList isCompact columnModifier={{ default: '1Col', md: '2Col' }}>
          {facts.map(([fact, value]) => (
            <DescriptionListGroup key={fact}>
              <DescriptionListTerm>
                <FormattedMessage id={`import.offer.${fact}`} />
              </DescriptionListTerm>
              <DescriptionListDescription>{value || <None />}</DescriptionListDescription>
            </DescriptionListGroup>
          ))}
        </DescriptionList>
        <ExpandableSection
          toggleText={intl.formatMessage({ id: 'import.offer.manifest' })}
          isExpanded={isOpen}
          onToggle={(_, wanted) => setOpen(wanted)}
        >
          <QueryView query={query}>
            {({ manifest }) => (
              <CopyBlock
                text={JSON.stringify(manifest, null, 2)}
                label={intl.formatMessage({ id: 'import.offer.manifest' })}
              />
            )}
          </QueryView>
        </ExpandableSection>
      </ModalBody>
      <ModalFooter>
        {offer.present ? (
          <Present offer={offer} />
        ) : (
          <Button onClick={onImport}>
            <FormattedMessage id="import.offer.import" />
          </Button>
        )}
        <Button variant="link" onClick={onClose}>
          <FormattedMessage id="parts.close" />
        </Button>
      </ModalFooter>
    </Dialog>
  )
}
