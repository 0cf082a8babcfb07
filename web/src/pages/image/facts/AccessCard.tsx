import { useIntl } from 'react-intl'
import { useChange } from '../image.ts'
import { VisibilityFact } from '../sharing/VisibilityFact.tsx'
import type { TabProps } from '../tabs.ts'
import { FactsCard } from './FactsCard.tsx'
import { SwitchFact } from './SwitchFact.tsx'

/** Who sees the image, and what keeps it from going. */
export function AccessCard({ detail }: TabProps) {
  const intl = useIntl()
  const text = (id: string) => intl.formatMessage({ id: `image.fact.${id}` })
  const { image, allowed } = detail
  const change = useChange(image.uuid)
  return (
    <FactsCard title={intl.formatMessage({ id: 'image.card.access' })}>
      <VisibilityFact detail={detail} />
      {(['protected', 'hidden'] as const).map((name) => (
        <SwitchFact
          key={name}
          label={text(name)}
          hint={text(`${name}.hint`)}
          isOn={image[name]}
          mayEdit={allowed.includes('image.update')}
          onSave={(isOn) => change({ [name]: isOn })}
        />
      ))}
    </FactsCard>
  )
}
