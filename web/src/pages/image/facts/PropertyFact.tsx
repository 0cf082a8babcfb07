import { None } from '../../../parts/values.tsx'
import { useChange } from '../image.ts'
import type { TabProps } from '../tabs.ts'
import { EditableFact } from './EditableFact.tsx'
import { linesEditor, textEditor } from './editors.tsx'

/** A fact that is kept as a property, as OpenStack has it; without a value there is no property. */
export function PropertyFact({
  detail: { image, allowed },
  name,
  label,
  hasLines = false,
  hint,
}: TabProps & {
  readonly name: string
  readonly label: string
  readonly hasLines?: boolean
  readonly hint?: string
}) {
  const change = useChange(image.uuid)
  const value = image.properties[name] ?? ''
  return (
    <EditableFact
      label={label}
      value={value}
      shown={value === '' ? <None /> : <span className={hasLines ? 'ip-lines' : undefined}>{value}</span>}
      mayEdit={allowed.includes('image.update')}
      editor={(hasLines ? linesEditor : textEditor)(label)}
      {...(hint === undefined ? {} : { hint })}
      onSave={(given) => change({ properties: { [name]: given === '' ? null : given } })}
    />
  )
}
