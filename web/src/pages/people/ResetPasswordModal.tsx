import { useState } from 'react'
import { useIntl } from 'react-intl'
import { patch } from '../../api/client.ts'
import { FormModal } from '../../parts/form/FormModal.tsx'
import { useToasts } from '../../parts/toasts.tsx'
import { PasswordField } from './PasswordField.tsx'
import { pathOf, usePeopleChanged } from './people.ts'
import { wording, wrongField } from './refusals.ts'

/** Gives another user a new password. */
export function ResetPasswordModal({
  username,
  onClose,
}: {
  readonly username: string
  readonly onClose: () => void
}) {
  const intl = useIntl()
  const toasts = useToasts()
  const changed = usePeopleChanged()
  const text = (id: string) => intl.formatMessage({ id: `users.password${id}` }, { name: username })
  const [password, setPassword] = useState('')
  const [again, setAgain] = useState('')
  const send = async () => {
    if (again !== password) throw wrongField('again', text('.differs'))
    await wording(intl, patch(pathOf('users', username), { password }))
  }
  return (
    <FormModal
      title={text('.reset')}
      about={text('.reset.about')}
      action={text('.reset.action')}
      fields={['password', 'again']}
      isComplete={password !== '' && again !== ''}
      send={send}
      onDone={() => {
        void changed()
        toasts.succeed(text('.reset.done'))
      }}
      onClose={onClose}
    >
      {(problems) => (
        <>
          <PasswordField
            label={text('.new')}
            isNew
            problem={problems.password}
            value={password}
            onChange={setPassword}
          />
          <PasswordField
            label={text('.again')}
            isNew
            problem={problems.again}
            value={again}
            onChange={setAgain}
          />
        </>
      )}
    </FormModal>
  )
}
