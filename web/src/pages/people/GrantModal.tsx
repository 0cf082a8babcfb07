import { useState } from 'react'
import { useIntl } from 'react-intl'
import { patch } from '../../api/client.ts'
import { ChoiceField } from '../../parts/form/Field.tsx'
import { FormModal } from '../../parts/form/FormModal.tsx'
import { useToasts } from '../../parts/toasts.tsx'
import { NameField } from './NameField.tsx'
import { type Noun, pathOf, usePeopleChanged } from './people.ts'
import { isUnknown, worded, wrongField } from './refusals.ts'
import { grantedRoles } from './roles.ts'

/** Whose roles these are. */
export type Subject = { readonly noun: Noun; readonly name: string }

/** Gives a role: to a user or group in a project that is chosen, or in a project to a user or group that is chosen. */
export function GrantModal({
  subject,
  onClose,
}: {
  readonly subject: Subject
  readonly onClose: () => void
}) {
  const intl = useIntl()
  const toasts = useToasts()
  const changed = usePeopleChanged()
  const text = (id: string) => intl.formatMessage({ id: `people.${id}` })
  const isOfProject = subject.noun === 'projects'
  const [holderNoun, setHolderNoun] = useState<'users' | 'groups'>('users')
  const [name, setName] = useState('')
  const [role, setRole] = useState<string>('member')

  const chosen: Noun = isOfProject ? holderNoun : 'projects'
  const holder: Subject = isOfProject ? { noun: holderNoun, name: name.trim() } : subject
  const project = isOfProject ? subject.name : name.trim()
  const send = async () => {
    try {
      await patch(pathOf(holder.noun, holder.name), { grant: [{ project, role }] })
    } catch (error) {
      throw isUnknown(error) ? wrongField('name', text(`unknown.${chosen}`)) : worded(error, intl)
    }
  }
  return (
    <FormModal
      title={intl.formatMessage({ id: 'people.grant.title' }, { name: subject.name })}
      action={text('grant')}
      fields={['name']}
      isComplete={name.trim() !== ''}
      send={send}
      onDone={() => {
        void changed()
        toasts.succeed(text('grant.done'))
      }}
      onClose={onClose}
    >
      {(problems) => (
        <>
          {isOfProject ? (
            <ChoiceField
              label={text('grant.holder')}
              value={holderNoun}
              onChange={(noun) => setHolderNoun(noun as 'users' | 'groups')}
              choices={(['users', 'groups'] as const).map((noun) => ({
                value: noun,
                text: text(`grant.holder.${noun}`),
              }))}
            />
          ) : null}
          <NameField
            key={chosen}
            noun={chosen}
            label={text(`name.${chosen}`)}
            problem={problems.name}
            isRequired
            value={name}
            onChange={setName}
          />
          <ChoiceField
            label={text('role')}
            help={text(`role.${role}.help`)}
            value={role}
            onChange={setRole}
            choices={grantedRoles.map((value) => ({ value, text: text(`role.${value}`) }))}
          />
        </>
      )}
    </FormModal>
  )
}
