import { Checkbox, Grid, GridItem } from '@patternfly/react-core'
import { useId, useState } from 'react'
import { useIntl } from 'react-intl'
import type { WireUser } from '../../../../src/faces/console/wire.ts'
import { patch, post } from '../../api/client.ts'
import { TextField } from '../../parts/form/Field.tsx'
import { FormModal } from '../../parts/form/FormModal.tsx'
import { useToasts } from '../../parts/toasts.tsx'
import { NameField } from './NameField.tsx'
import { PasswordField } from './PasswordField.tsx'
import { pathOf, usePeopleChanged } from './people.ts'
import { isUnknown, wording, wrongField } from './refusals.ts'

const texts = ['firstName', 'lastName', 'email', 'defaultProject'] as const
const switches = ['superAdmin', 'apiAccess'] as const
const fields = ['username', 'password', ...texts]

/** Makes a user, or changes one: what was written anew. */
export function UserModal({
  user,
  onDone,
  onClose,
}: {
  /** Absent: a new one is made. */
  readonly user?: WireUser
  readonly onDone?: (user: WireUser) => void
  readonly onClose: () => void
}) {
  const intl = useIntl()
  const id = useId()
  const toasts = useToasts()
  const changed = usePeopleChanged()
  const text = (name: string) => intl.formatMessage({ id: `users.${name}` })
  // As it was when the form was opened: what others change meanwhile is not taken back.
  const [before] = useState({
    username: user?.username ?? '',
    password: '',
    firstName: user?.firstName ?? '',
    lastName: user?.lastName ?? '',
    email: user?.email ?? '',
    defaultProject: user?.defaultProject ?? '',
    superAdmin: user?.superAdmin ?? false,
    apiAccess: user?.apiAccess ?? true,
  })
  const [draft, setDraft] = useState(before)
  const put =
    <K extends keyof typeof draft>(name: K) =>
    (value: (typeof draft)[K]) =>
      setDraft({ ...draft, [name]: value })

  const send = async () => {
    const written = [...texts, ...switches].filter((name) => draft[name] !== before[name])
    const change = Object.fromEntries(
      written.map((name) => {
        const value = draft[name]
        return [name, typeof value === 'string' ? value.trim() : value]
      }),
    )
    const work = user
      ? patch<WireUser>(pathOf('users', user.username), change)
      : post<WireUser>('/users', {
          ...change,
          username: draft.username.trim(),
          password: draft.password,
        })
    try {
      return await wording(intl, work)
    } catch (error) {
      throw isUnknown(error) && change.defaultProject !== undefined
        ? wrongField('defaultProject', intl.formatMessage({ id: 'people.unknown.projects' }))
        : error
    }
  }
  const isComplete = user !== undefined || (draft.username.trim() !== '' && draft.password !== '')
  return (
    <FormModal
      title={user ? intl.formatMessage({ id: 'users.edit' }, { name: user.username }) : text('new')}
      action={intl.formatMessage({ id: user ? 'parts.save' : 'parts.create' })}
      fields={fields}
      isComplete={isComplete}
      send={send}
      onDone={(taken) => {
        void changed()
        toasts.succeed(
          intl.formatMessage({ id: user ? 'people.saved' : 'people.created' }, { name: taken.username }),
        )
        onDone?.(taken)
      }}
      onClose={onClose}
    >
      {(problems) => (
        <>
          {user ? null : (
            <>
              <TextField
                label={text('column.username')}
                isRequired
                problem={problems.username}
                value={draft.username}
                onChange={put('username')}
              />
              <PasswordField
                label={text('password')}
                help={text('password.help')}
                isNew
                problem={problems.password}
                value={draft.password}
                onChange={put('password')}
              />
            </>
          )}
          <Grid hasGutter md={6}>
            {(['firstName', 'lastName'] as const).map((name) => (
              <GridItem key={name}>
                <TextField
                  label={text(name)}
                  problem={problems[name]}
                  value={draft[name]}
                  onChange={put(name)}
                />
              </GridItem>
            ))}
          </Grid>
          <TextField
            label={text('email')}
            problem={problems.email}
            value={draft.email}
            onChange={put('email')}
          />
          <NameField
            noun="projects"
            label={text('defaultProject')}
            help={text('defaultProject.help')}
            problem={problems.defaultProject}
            value={draft.defaultProject}
            onChange={put('defaultProject')}
          />
          {switches.map((name) => (
            <Checkbox
              key={name}
              id={`${id}-${name}`}
              label={text(name)}
              description={text(`${name}.help`)}
              isChecked={draft[name]}
              onChange={(_, value) => put(name)(value)}
            />
          ))}
        </>
      )}
    </FormModal>
  )
}
