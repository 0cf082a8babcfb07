import { useState } from 'react'
import { useIntl } from 'react-intl'
import { changeSession, put } from '../../api/client.ts'
import { useMe, useSessionState } from '../../app/session.tsx'
import { FormModal } from '../../parts/form/FormModal.tsx'
import { useToasts } from '../../parts/toasts.tsx'
import { PasswordField } from './PasswordField.tsx'
import { wording, wrongField } from './refusals.ts'

/** Changes one's own password. That ends all sessions, so this browser signs in again with the new one. */
export function OwnPasswordModal({ onClose }: { readonly onClose: () => void }) {
  const intl = useIntl()
  const toasts = useToasts()
  const { username } = useMe()
  const { signIn } = useSessionState()
  const text = (id: string) => intl.formatMessage({ id: `users.password.${id}` })
  const [draft, setDraft] = useState({ old: '', password: '', again: '' })
  const { old, password, again } = draft
  const send = async () => {
    if (again !== password) throw wrongField('again', text('differs'))
    await changeSession(async () => {
      await wording(intl, put('/me/password', { old, password }))
      await signIn(username, password)
    })
  }
  return (
    <FormModal
      title={text('change')}
      about={text('change.about')}
      action={text('change')}
      fields={['old', 'password', 'again']}
      isComplete={old !== '' && password !== '' && again !== ''}
      send={send}
      onDone={() => toasts.succeed(text('change.done'))}
      onClose={onClose}
    >
      {(problems) =>
        (['old', 'password', 'again'] as const).map((name) => (
          <PasswordField
            key={name}
            label={text(name === 'password' ? 'new' : name)}
            isNew={name !== 'old'}
            problem={problems[name]}
            value={draft[name]}
            onChange={(value) => setDraft({ ...draft, [name]: value })}
          />
        ))
      }
    </FormModal>
  )
}
