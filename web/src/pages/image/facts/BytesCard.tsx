import { FormattedList, FormattedMessage, useIntl } from 'react-intl'
import { CopyText } from '../../../parts/CopyText.tsx'
import { diskFormats } from '../../../parts/form/image-facts.ts'
import { Bytes, None, When } from '../../../parts/values.tsx'
import { useChange } from '../image.ts'
import type { TabProps } from '../tabs.ts'
import { EditableFact } from './EditableFact.tsx'
import { choiceEditor } from './editors.tsx'
import { Fact, FactsCard } from './FactsCard.tsx'

const containerFormats = ['bare', 'ovf', 'ova', 'docker', 'compressed', 'ami', 'ari', 'aki'] as const
const digests = ['md5', 'sha1', 'sha256', 'sha512'] as const

export function BytesCard({ detail }: TabProps) {
  const intl = useIntl()
  const text = (id: string) => intl.formatMessage({ id: `image.fact.${id}` })
  const { image, allowed, stores } = detail
  const change = useChange(image.uuid)
  // What has been looked at is not called something else afterwards.
  const isOpen = image.status === 'queued' && allowed.includes('image.update')
  const formats = [
    ['diskFormat', diskFormats],
    ['containerFormat', containerFormats],
  ] as const
  return (
    <FactsCard title={intl.formatMessage({ id: 'image.card.bytes' })}>
      {formats.map(([name, known]) => (
        <EditableFact
          key={name}
          label={text(name)}
          value={image[name] ?? ''}
          shown={image[name] ?? <None />}
          mayEdit={isOpen}
          editor={choiceEditor(text(name), [
            { value: '', text: intl.formatMessage({ id: 'parts.none' }) },
            ...known.map((value) => ({ value, text: value })),
          ])}
          onSave={(value) => change({ [name]: value === '' ? null : value })}
        />
      ))}
      <Fact label={text('size')}>
        <Bytes value={image.size} />
      </Fact>
      <Fact label={text('virtualSize')}>
        <Bytes value={image.virtualSize} />
      </Fact>
      <Fact label={text('publishedAt')}>
        <When at={image.publishedAt} />
      </Fact>
      {detail.elsewhere ? (
        <Fact label={text('stores')}>
          <FormattedMessage id="image.elsewhere" />
        </Fact>
      ) : stores.length > 0 ? (
        <Fact label={text('stores')}>
          <FormattedList value={[...stores]} />
        </Fact>
      ) : null}
      {(['importing', 'failed'] as const).map((name) => {
        const some = detail.import?.[name] ?? []
        return some.length === 0 ? null : (
          <Fact key={name} label={text(`stores.${name}`)}>
            <FormattedList value={[...some]} />
          </Fact>
        )
      })}
      {digests.map((name) => {
        const label = name.toUpperCase()
        return (
          <Fact key={name} label={label}>
            {image[name] === null ? <None /> : <CopyText text={image[name]} label={label} />}
          </Fact>
        )
      })}
    </FactsCard>
  )
}
