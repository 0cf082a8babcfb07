import { useState } from 'react'
import { useIntl } from 'react-intl'
import type { WireNewToken } from '../../../../src/faces/console/wire.ts'
import { post } from '../../api/client.ts'
import { ChoiceField, TextField } from '../../parts/form/Field.tsx'
import { FormModal } from '../../parts/form/FormModal.tsx'

const day = 24 * 60 * 60
/** Days that a token may live; 0: until it is revoked. */
const lives = [1, 7, 30, 90, 365, 0]

/** Makes a token. */
export function TokenModal({
  path,
  onDone,
  onClose,
}: {
  /** Of the user's tokens. */
  readonly path: string
  readonly onDone: (token: WireNewToken) => void
  readonly onClose: () => void
}) {
  const intl = useIntl()
  const text = (id: string) => intl.formatMessage({ id: `tokens.${id}` })
  const [label, setLabel] = useState('')
  const [days, setDays] = useState(90)
  const [networks, setNetworks] = useState('')
  const send = () =>
    post<WireNewToken>(path, {
      label: label.trim(),
      ...(days === 0 ? {} : { lifeSeconds: days * day }),
      networks: networks.split(/[\s,]+/).filter((network) => network !== ''),
    })
  return (
    <FormModal
      title={text('new')}
      about={text('about')}
      action={intl.formatMessage({ id: 'parts.create' })}
      fields={['label', 'networks']}
      isComplete={label.trim() !== ''}
      send={send}
      onDone={onDone}
      onClose={onClose}
    >
      {(problems) => (
        <>
          <TextField
            label={text('column.label')}
            help={text('label.help')}
            isRequired
            problem={problems.label}
            value={label}
            onChange={setLabel}
          />
          <ChoiceField
            label={text('life')}
            value={String(days)}
            onChange={(value) => setDays(Number(value))}
            choices={lives.map((count) => ({
              value: String(count),
              text: intl.formatMessage({ id: 'tokens.life.days' }, { count }),
            }))}
          />
          <TextField
            label={text('networks')}
            help={text('networks.help')}
            lines={2}
            isMono
            problem={problems.networks}
            value={networks}
            onChange={setNetworks}
          />
        </>
      )}
    </FormModal>
  )
}
