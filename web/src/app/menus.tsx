import {
  Button,
  Dropdown,
  DropdownItem,
  DropdownList,
  MenuToggle,
  type MenuToggleElement,
} from '@patternfly/react-core'
import { GlobeIcon } from '@patternfly/react-icons/dist/esm/icons/globe-icon'
import { MoonIcon } from '@patternfly/react-icons/dist/esm/icons/moon-icon'
import { QuestionCircleIcon } from '@patternfly/react-icons/dist/esm/icons/question-circle-icon'
import { SunIcon } from '@patternfly/react-icons/dist/esm/icons/sun-icon'
import { UserIcon } from '@patternfly/react-icons/dist/esm/icons/user-icon'
import { type ReactNode, type Ref, useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { useNavigate } from 'react-router'
import { type Language, languages, useLanguage } from '../i18n/language.tsx'
import { useMe, useSessionState } from './session.tsx'
import { useTheme } from './theme.ts'

/** A menu of the masthead. */
function MastheadMenu({
  label,
  icon,
  text,
  children,
}: {
  readonly label: string
  readonly icon: ReactNode
  readonly text?: string
  readonly children: ReactNode
}) {
  const [isOpen, setOpen] = useState(false)
  return (
    <Dropdown
      shouldFocusToggleOnSelect
      isOpen={isOpen}
      onOpenChange={setOpen}
      onSelect={() => setOpen(false)}
      popperProps={{ position: 'right' }}
      toggle={(ref: Ref<MenuToggleElement>) => (
        <MenuToggle
          ref={ref}
          variant={text === undefined ? 'plain' : 'plainText'}
          icon={icon}
          aria-label={text === undefined ? label : `${label}: ${text}`}
          isExpanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          {text}
        </MenuToggle>
      )}
    >
      <DropdownList>{children}</DropdownList>
    </Dropdown>
  )
}

export function ThemeSwitch() {
  const intl = useIntl()
  const [theme, choose] = useTheme()
  const other = theme === 'dark' ? 'light' : 'dark'
  return (
    <Button
      variant="plain"
      aria-label={intl.formatMessage({ id: `app.theme.${other}` })}
      icon={other === 'dark' ? <MoonIcon /> : <SunIcon />}
      onClick={() => choose(other)}
    />
  )
}

export function LanguageMenu() {
  const intl = useIntl()
  const { language, choose } = useLanguage()
  return (
    <MastheadMenu label={intl.formatMessage({ id: 'app.language' })} icon={<GlobeIcon />}>
      {Object.entries(languages).map(([tag, name]) => (
        <DropdownItem
          key={tag}
          lang={tag}
          isSelected={tag === language}
          onClick={() => choose(tag as Language)}
        >
          {name}
        </DropdownItem>
      ))}
    </MastheadMenu>
  )
}

/** Documentation of the interfaces that this installation serves. */
export const documents = [
  { name: 'OpenAPI', href: '/openapi.json' },
  { name: 'Foreman', href: '/apidoc/v2.html' },
] as const

export function HelpMenu() {
  const intl = useIntl()
  const { version } = useMe()
  return (
    <MastheadMenu label={intl.formatMessage({ id: 'app.help' })} icon={<QuestionCircleIcon />}>
      {documents.map(({ name, href }) => (
        <DropdownItem key={href} to={href} target="_blank" isExternalLink>
          {name}
        </DropdownItem>
      ))}
      <DropdownItem isDisabled>
        <FormattedMessage id="app.version" values={{ version }} />
      </DropdownItem>
    </MastheadMenu>
  )
}

export function UserMenu() {
  const intl = useIntl()
  const navigate = useNavigate()
  const { username } = useMe()
  const { signOut } = useSessionState()
  return (
    <MastheadMenu label={intl.formatMessage({ id: 'app.profile' })} icon={<UserIcon />} text={username}>
      <DropdownItem onClick={() => navigate('/me')}>
        <FormattedMessage id="app.profile" />
      </DropdownItem>
      <DropdownItem onClick={() => void signOut()}>
        <FormattedMessage id="app.signOut" />
      </DropdownItem>
    </MastheadMenu>
  )
}
