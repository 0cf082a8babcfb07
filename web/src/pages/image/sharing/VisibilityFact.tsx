import { FormattedMessage, useIntl } from 'react-intl'
import { EditableFact } from '../facts/EditableFact.tsx'
import { choiceEditor } from '../facts/editors.tsx'
import { useChange } from '../image.ts'
import type { TabProps } from '../tabs.ts'

const visibilities = ['private', 'shared', 'community', 'public'] as const

export function VisibilityFact({ detail: { image, allowed } }: TabProps) {
  const intl = useIntl()
  const label = intl.formatMessage({ id: 'image.fact.visibility' })
  const change = useChange(image.uuid)
  const choices = visibilities
    .filter(
      (value) => value !== 'public' || value === image.visibility || allowed.includes('image.publicise'),
    )
    .map((value) => ({ value, text: intl.formatMessage({ id: `image.visibility.${value}` }) }))
  return (
    <EditableFact
      label={label}
      value={image.visibility}
      shown={
        <FormattedMessage
          id="image.visibility.meaning"
          values={{
            visibility: intl.formatMessage({ id: `image.visibility.${image.visibility}` }),
            meaning: intl.formatMessage({ id: `image.visibility.${image.visibility}.hint` }),
          }}
        />
      }
      mayEdit={allowed.includes('image.update')}
      editor={choiceEditor(label, choices)}
      onSave={(visibility) => change({ visibility })}
    />
  )
}
