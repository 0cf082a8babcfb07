import {
  Masthead,
  MastheadBrand,
  MastheadContent,
  MastheadMain,
  MastheadToggle,
  Nav,
  NavGroup,
  NavItem,
  Page,
  PageSidebar,
  PageSidebarBody,
  PageToggleButton,
  SkipToContent,
  Toolbar,
  ToolbarContent,
  ToolbarGroup,
  ToolbarItem,
} from '@patternfly/react-core'
import { BarsIcon } from '@patternfly/react-icons/dist/esm/icons/bars-icon'
import type { ReactNode } from 'react'
import { useIntl } from 'react-intl'
import { Link, useLocation } from 'react-router'
import { LiveStatus } from '../live/LiveStatus.tsx'
import { UploadIndicator } from '../uploads/UploadIndicator.tsx'
import { HelpMenu, LanguageMenu, ThemeSwitch, UserMenu } from './menus.tsx'
import { navigation } from './routes.tsx'
import { useMe } from './session.tsx'

const mainId = 'main'

/** Masthead, menu and the page that is shown. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const intl = useIntl()
  const text = (id: string) => intl.formatMessage({ id })

  const masthead = (
    <Masthead>
      <MastheadMain>
        <MastheadToggle>
          <PageToggleButton isHamburgerButton aria-label={text('app.menu')}>
            <BarsIcon />
          </PageToggleButton>
        </MastheadToggle>
        <MastheadBrand>
          <Link to="/" className="ip-brand">
            <img src="/ui/icon.svg" alt="" width={28} height={28} />
            {text('app.name')}
          </Link>
        </MastheadBrand>
      </MastheadMain>
      <MastheadContent>
        <Toolbar isStatic>
          <ToolbarContent>
            <ToolbarGroup align={{ default: 'alignEnd' }} variant="action-group-plain">
              <UploadIndicator />
              <ToolbarItem>
                <LiveStatus />
              </ToolbarItem>
              <ToolbarItem>
                <ThemeSwitch />
              </ToolbarItem>
              <ToolbarItem>
                <LanguageMenu />
              </ToolbarItem>
              <ToolbarItem visibility={{ default: 'hidden', md: 'visible' }}>
                <HelpMenu />
              </ToolbarItem>
              <ToolbarItem>
                <UserMenu />
              </ToolbarItem>
            </ToolbarGroup>
          </ToolbarContent>
        </Toolbar>
      </MastheadContent>
    </Masthead>
  )

  return (
    <Page
      masthead={masthead}
      sidebar={<Sidebar />}
      isManagedSidebar
      mainContainerId={mainId}
      skipToContent={<SkipToContent href={`#${mainId}`}>{text('app.skip')}</SkipToContent>}
    >
      {children}
    </Page>
  )
}

function Sidebar() {
  const intl = useIntl()
  const { pathname } = useLocation()
  const { superAdmin } = useMe()
  const isActive = (path: string) =>
    path === '/' ? pathname === '/' : pathname === path || pathname.startsWith(`${path}/`)
  return (
    <PageSidebar>
      <PageSidebarBody>
        <Nav aria-label={intl.formatMessage({ id: 'nav.label' })}>
          {navigation.map(({ text, items }) => {
            const shown = items.filter(({ admin }) => !admin || superAdmin)
            if (shown.length === 0) return null
            return (
              <NavGroup key={text} title={intl.formatMessage({ id: text })}>
                {shown.map((item) => (
                  <NavItem key={item.path} itemId={item.path} isActive={isActive(item.path)}>
                    <Link to={item.path}>{intl.formatMessage({ id: item.text })}</Link>
                  </NavItem>
                ))}
              </NavGroup>
            )
          })}
        </Nav>
      </PageSidebarBody>
    </PageSidebar>
  )
}
