import { useIntl } from 'react-intl'
import { CopyText } from '../../../parts/CopyText.tsx'
import { None, When } from '../../../parts/values.tsx'
import { useChange } from '../image.ts'
import type { TabProps } from '../tabs.ts'
import { EditableFact } from './EditableFact.tsx'
import { textEditor } from './editors.tsx'
import { Fact, FactsCard } from './FactsCard.tsx'
import { PropertyFact } from './PropertyFact.tsx'
import { TagsFact } from './TagsFact.tsx'

export function DescriptionCard({ detail }: TabProps) {
  const intl = useIntl()
  const text = (id: string) => intl.formatMessage({ id: `image.fact.${id}` })
  const { image, allowed } = detail
  const change = useChange(image.uuid)
  return (
    <FactsCard title={intl.formatMessage({ id: 'image.card.description' })}>
      <EditableFact
        label={text('name')}
        value={image.name}
        shown={image.name === '' ? <None /> : image.name}
        mayEdit={allowed.includes('image.update')}
        editor={textEditor(text('name'))}
        onSave={(name) => change({ name })}
      />
      <PropertyFact
        detail={detail}
        name="description"
        label={text('description')}
        hasLines
        hint={intl.formatMessage({ id: 'image.edit.lines' })}
      />
      <TagsFact detail={detail} />
      <Fact label={text('uuid')}>
        <CopyText text={image.uuid} label={text('uuid')} />
      </Fact>
      <Fact label={text('handle')}>
        <CopyText text={image.handle} label={text('handle')} />
      </Fact>
      <Fact label={text('project')}>{image.project?.label || image.project?.name || <None />}</Fact>
      <Fact label={text('region')}>{image.region || <None />}</Fact>
      <Fact label={text('createdAt')}>
        <When at={image.createdAt} />
      </Fact>
      <Fact label={text('updatedAt')}>
        <When at={image.updatedAt} />
      </Fact>
      {image.cleanupAt === null ? null : (
        <Fact label={text('cleanupAt')}>
          <When at={image.cleanupAt} />
        </Fact>
      )}
    </FactsCard>
  )
}
