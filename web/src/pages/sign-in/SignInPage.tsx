import {
  ActionGroup,
  Button,
  Card,
  CardBody,
  CardHeader,
  CardTitle,
  Content,
  Form,
  FormGroup,
  TextInput,
} from '@patternfly/react-core'
import { type FormEvent, useState } from 'react'
import { FormattedMessage, type IntlShape, useIntl } from 'react-intl'
import { ApiError } from '../../api/client.ts'
import { LanguageMenu, ThemeSwitch } from '../../app/menus.tsx'
import { useSessionState } from '../../app/session.tsx'
import { Notice } from '../../parts/Notice.tsx'

export function SignInPage() {
  const intl = useIntl()
  const { signIn } = useSessionState()
  const [username, setUsername] = useState('')
  const [password, setPassword] = useState('')
  const [problem, setProblem] = useState<string>()
  const [isBusy, setBusy] = useState(false)

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    setBusy(true)
    setProblem(undefined)
    try {
      await signIn(username, password)
    } catch (error) {
      setProblem(wordsFor(error, intl))
      setBusy(false)
    }
  }

  return (
    <main className="ip-sign-in">
      <Card isLarge className="ip-sign-in-card">
        <CardHeader
          actions={{
            actions: (
              <>
                <ThemeSwitch />
                <LanguageMenu />
              </>
            ),
          }}
        >
          <img src="/ui/icon.svg" alt="" width={40} height={40} />
        </CardHeader>
        <CardTitle component="h1">
          <FormattedMessage id="signIn.title" />
        </CardTitle>
        <CardBody>
          <Content component="p">
            <FormattedMessage id="signIn.subtitle" />
          </Content>
          <Form onSubmit={submit}>
            {problem === undefined ? null : <Notice variant="danger" title={problem} role="alert" />}
            <FormGroup label={intl.formatMessage({ id: 'signIn.username' })} fieldId="username" isRequired>
              <TextInput
                id="username"
                name="username"
                autoComplete="username"
                isRequired
                value={username}
                onChange={(_, value) => setUsername(value)}
              />
            </FormGroup>
            <FormGroup label={intl.formatMessage({ id: 'signIn.password' })} fieldId="password" isRequired>
              <TextInput
                id="password"
                name="password"
                type="password"
                autoComplete="current-password"
                isRequired
                value={password}
                onChange={(_, value) => setPassword(value)}
              />
            </FormGroup>
            <ActionGroup>
              <Button type="submit" isBlock isLoading={isBusy} isDisabled={isBusy || !username || !password}>
                <FormattedMessage id="signIn.submit" />
              </Button>
            </ActionGroup>
          </Form>
        </CardBody>
      </Card>
    </main>
  )
}

function wordsFor(error: unknown, intl: IntlShape): string {
  if (!(error instanceof ApiError)) throw error
  if (error.status === 401) return intl.formatMessage({ id: 'signIn.wrong' })
  if (error.status === 429)
    return intl.formatMessage({ id: 'signIn.busy' }, { seconds: error.detail.retryAfterSeconds ?? 60 })
  return intl.formatMessage({ id: 'signIn.failed' }, { message: error.message })
}
