import './image.css'
import {
  Breadcrumb,
  BreadcrumbItem,
  TabContent,
  Tabs,
  TabTitleText,
  Tab as ViewTab,
} from '@patternfly/react-core'
import { type ComponentType, useEffect, useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { Link, useHref, useNavigate, useParams } from 'react-router'
import { ApiError } from '../../api/client.ts'
import { NotFoundPage } from '../../app/NotFoundPage.tsx'
import { ImageStatus } from '../../parts/ImageStatus.tsx'
import { PageFrame } from '../../parts/PageFrame.tsx'
import { ErrorView, QueryView, Waiting } from '../../parts/QueryView.tsx'
import { FactsTab } from './facts/FactsTab.tsx'
import { HistoryTab } from './history/HistoryTab.tsx'
import { ImageActions } from './ImageActions.tsx'
import { useImage } from './image.ts'
import { Notices } from './Notices.tsx'
import { PropertiesTab } from './properties/PropertiesTab.tsx'
import { RegistrationsTab } from './registrations/RegistrationsTab.tsx'
import { SeenByTab } from './seen-by/SeenByTab.tsx'
import { SharingTab } from './sharing/SharingTab.tsx'
import { isTab, type Tab, type TabProps, tabs } from './tabs.ts'

const contents: Readonly<Record<Tab, ComponentType<TabProps>>> = {
  facts: FactsTab,
  properties: PropertiesTab,
  sharing: SharingTab,
  registrations: RegistrationsTab,
  history: HistoryTab,
  'seen-by': SeenByTab,
}

/** One image: what it is, who may use it, where it is registered, what happened to it, and how each system sees it. */
export default function ImagePage() {
  const { uuid = '', tab = 'facts' } = useParams()
  return isTab(tab) ? <PageOf key={uuid} uuid={uuid} tab={tab} /> : <NotFoundPage />
}

function PageOf({ uuid, tab }: { readonly uuid: string; readonly tab: Tab }) {
  const intl = useIntl()
  // Nobody asks for what is just being deleted, whatever live events say of it.
  const [isLeaving, setLeaving] = useState(false)
  const query = useImage(uuid, !isLeaving)
  // What is shown of an image that is gone meanwhile is of no use to anybody.
  const isGone = query.error instanceof ApiError && query.error.status === 404
  const detail = isGone ? undefined : query.data
  return (
    <PageFrame
      title={
        detail ? detail.image.name || uuid : query.isError ? uuid : intl.formatMessage({ id: 'image.title' })
      }
      above={
        <Breadcrumb aria-label={intl.formatMessage({ id: 'image.breadcrumb' })}>
          <BreadcrumbItem>
            <Link to="/images">
              <FormattedMessage id="nav.images" />
            </Link>
          </BreadcrumbItem>
          <BreadcrumbItem isActive>{detail?.image.handle ?? uuid}</BreadcrumbItem>
        </Breadcrumb>
      }
      intro={detail ? <Summary detail={detail} /> : <>&nbsp;</>}
      actions={detail ? <ImageActions detail={detail} onLeaving={setLeaving} /> : undefined}
    >
      {isGone ? (
        <ErrorView error={query.error} />
      ) : (
        <QueryView query={query} lines={12}>
          {(shown) => (isLeaving ? <Waiting lines={12} /> : <Shown detail={shown} tab={tab} />)}
        </QueryView>
      )}
    </PageFrame>
  )
}

function Summary({ detail: { image } }: TabProps) {
  return (
    <span className="ip-summary">
      <ImageStatus status={image.status} />
      <span>
        <FormattedMessage id={`image.visibility.${image.visibility}`} />
      </span>
      {image.project === null ? null : (
        <span className="ip-break">{image.project.label || image.project.name}</span>
      )}
    </span>
  )
}

function Shown({ detail, tab }: TabProps & { readonly tab: Tab }) {
  const intl = useIntl()
  const navigate = useNavigate()
  const base = useHref(`/images/${detail.image.uuid}`)
  const Content = contents[tab]
  // On a phone there is no room for all of them at once.
  useEffect(() => {
    document
      .querySelector(`[aria-controls="image-${tab}"]`)
      ?.scrollIntoView({ inline: 'center', block: 'nearest' })
  }, [tab])
  return (
    <>
      <Notices detail={detail} />
      <Tabs
        activeKey={tab}
        aria-label={intl.formatMessage({ id: 'image.tabs' })}
        backScrollAriaLabel={intl.formatMessage({ id: 'image.tabs.back' })}
        forwardScrollAriaLabel={intl.formatMessage({ id: 'image.tabs.forward' })}
        onSelect={(event, name) => {
          event.preventDefault()
          navigate(`/images/${detail.image.uuid}/${name}`)
        }}
      >
        {tabs.map((name) => (
          <ViewTab
            key={name}
            eventKey={name}
            href={`${base}/${name}`}
            tabContentId={`image-${name}`}
            title={
              <TabTitleText>
                <FormattedMessage id={`image.tab.${name}`} />
              </TabTitleText>
            }
          />
        ))}
      </Tabs>
      <TabContent
        key={tab}
        id={`image-${tab}`}
        eventKey={tab}
        activeKey={tab}
        aria-label={intl.formatMessage({ id: `image.tab.${tab}` })}
        className="ip-tab"
      >
        <Content detail={detail} />
      </TabContent>
    </>
  )
}
