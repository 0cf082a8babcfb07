import { useIntl } from 'react-intl'
import { useChange } from '../image.ts'
import type { TabProps } from '../tabs.ts'
import { EditableFact } from './EditableFact.tsx'
import { numberEditor } from './editors.tsx'
import { FactsCard } from './FactsCard.tsx'
import { PropertyFact } from './PropertyFact.tsx'

/** Facts that OpenStack keeps as properties, and all systems show (one-catalogue.md section 3). */
const properties = [
  'os_distro',
  'os_version',
  'architecture',
  'os_type',
  'hypervisor_type',
  'os_admin_user',
] as const

/** What runs in the image, and what it needs. */
export function SystemCard({ detail }: TabProps) {
  const intl = useIntl()
  const text = (id: string) => intl.formatMessage({ id: `image.fact.${id}` })
  const { image, allowed } = detail
  const change = useChange(image.uuid)
  const unit = { minDisk: 'gigabyte', minRam: 'megabyte' } as const
  return (
    <FactsCard title={intl.formatMessage({ id: 'image.card.system' })}>
      {properties.map((name) => (
        <PropertyFact key={name} detail={detail} name={name} label={text(name)} />
      ))}
      {(['minDisk', 'minRam'] as const).map((name) => (
        <EditableFact
          key={name}
          label={text(name)}
          value={String(image[name])}
          shown={intl.formatNumber(image[name], { style: 'unit', unit: unit[name] })}
          mayEdit={allowed.includes('image.update')}
          editor={numberEditor(text(name))}
          hint={intl.formatMessage({ id: `image.edit.${unit[name]}` })}
          onSave={(value) => change({ [name]: Number(value) })}
        />
      ))}
    </FactsCard>
  )
}
