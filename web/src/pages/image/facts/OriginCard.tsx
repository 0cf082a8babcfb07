import { FormattedMessage, useIntl } from 'react-intl'
import { Link } from 'react-router'
import type { WireDeed, WireProvenance } from '../../../../../src/faces/console/wire-image.ts'
import { None, When } from '../../../parts/values.tsx'
import type { TabProps } from '../tabs.ts'
import { Fact, FactsCard } from './FactsCard.tsx'

/** Where the image comes from. */
export function OriginCard({ detail: { image, provenance } }: TabProps) {
  const intl = useIntl()
  const text = (id: string) => intl.formatMessage({ id: `image.origin.${id}` })
  if (provenance === null) return null
  const { made, filled, source, instance, builtOn } = provenance
  return (
    <FactsCard title={intl.formatMessage({ id: 'image.card.origin' })}>
      <Fact label={text('type')}>
        <FormattedMessage id={`images.type.${image.type}`} />
      </Fact>
      <Fact label={text('made')}>{made ? <Deed deed={made} /> : <None />}</Fact>
      <Fact label={text('filled')}>{filled ? <Deed deed={filled} /> : <None />}</Fact>
      <Fact label={text('source')}>{source ? <Source source={source} /> : <None />}</Fact>
      {instance ? (
        <Fact label={text('instance')}>
          {instance.hostname} <span className="ip-mono">{instance.uuid}</span>
        </Fact>
      ) : null}
      {builtOn ? (
        <Fact label={text('builtOn')}>
          <ImageLink uuid={builtOn} />
        </Fact>
      ) : null}
    </FactsCard>
  )
}

function Deed({ deed: { at, username, face } }: { readonly deed: WireDeed }) {
  const intl = useIntl()
  return (
    <FormattedMessage
      id="image.deed"
      values={{
        who: username,
        face: intl.formatMessage({ id: `image.face.${face}` }),
        when: <When at={at} />,
      }}
    />
  )
}

function Source({ source }: { readonly source: NonNullable<WireProvenance['source']> }) {
  const { kind, url, image, snapshot } = source
  return (
    <>
      <FormattedMessage id={`image.source.${kind}`} />
      {url === null ? null : <div className="ip-mono">{url}</div>}
      {image === null ? null : (
        <div>
          <ImageLink uuid={image} />
        </div>
      )}
      {snapshot === null ? null : (
        <div>
          <FormattedMessage
            id="image.source.snapshot.which"
            values={{ name: snapshot.name, disk: snapshot.disk }}
          />
        </div>
      )}
    </>
  )
}

function ImageLink({ uuid }: { readonly uuid: string }) {
  return (
    <Link to={`/images/${uuid}`} className="ip-mono">
      {uuid}
    </Link>
  )
}
