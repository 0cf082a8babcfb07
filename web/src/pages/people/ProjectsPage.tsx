import './people.css'
import { Button, Label } from '@patternfly/react-core'
import { useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { Link, useNavigate } from 'react-router'
import type { WireProject } from '../../../../src/faces/console/wire.ts'
import { useMe } from '../../app/session.tsx'
import { FilterSelect } from '../../parts/FilterSelect.tsx'
import type { Column } from '../../parts/list/ListTable.tsx'
import { ListView } from '../../parts/list/ListView.tsx'
import { useListAddress } from '../../parts/list-address.ts'
import { PageFrame } from '../../parts/PageFrame.tsx'
import { useBytes, When } from '../../parts/values.tsx'
import { ProjectModal } from './ProjectModal.tsx'
import { pathOf, usePage } from './people.ts'
import { Quota } from './Quota.tsx'

const usual = { search: '', enabled: '', page: 1, perPage: 20 }

/** Projects that one belongs to; administrators see all. */
export default function ProjectsPage() {
  const intl = useIntl()
  const navigate = useNavigate()
  const { superAdmin } = useMe()
  const [search, change] = useListAddress(usual)
  const [isMaking, setMaking] = useState(false)
  const query = usePage('projects', search)
  return (
    <PageFrame
      title={intl.formatMessage({ id: 'projects.title' })}
      intro={intl.formatMessage({ id: superAdmin ? 'projects.intro' : 'projects.intro.own' })}
      actions={
        superAdmin ? (
          <Button onClick={() => setMaking(true)}>
            <FormattedMessage id="projects.new" />
          </Button>
        ) : undefined
      }
    >
      <ListView
        texts="projects"
        query={query}
        search={search}
        onChange={change}
        keyOf={({ name }) => name}
        columns={columns}
        filters={
          <FilterSelect
            label={intl.formatMessage({ id: 'projects.column.state' })}
            value={search.enabled}
            onChange={(enabled) => change({ enabled })}
            choices={['true', 'false'].map((value) => ({
              value,
              text: intl.formatMessage({ id: `projects.enabled.${value}` }),
            }))}
          />
        }
      />
      {isMaking ? (
        <ProjectModal
          onDone={({ name }) => navigate(pathOf('projects', name))}
          onClose={() => setMaking(false)}
        />
      ) : null}
    </PageFrame>
  )
}

export function ProjectState({ enabled }: { readonly enabled: boolean }) {
  return (
    <Label isCompact status={enabled ? 'success' : 'warning'}>
      <FormattedMessage id={`projects.enabled.${enabled}`} />
    </Label>
  )
}

const columns: readonly Column<WireProject>[] = [
  {
    name: 'name',
    show: ({ name }) => (
      <Link to={pathOf('projects', name)} className="ip-break">
        {name}
      </Link>
    ),
  },
  { name: 'label', show: ({ label }) => <span className="ip-break">{label}</span> },
  { name: 'state', show: ({ enabled }) => <ProjectState enabled={enabled} />, isShort: true },
  { name: 'images', show: (project) => <ImageQuota project={project} /> },
  { name: 'bytes', show: (project) => <ByteQuota project={project} /> },
  { name: 'createdAt', show: ({ createdAt }) => <When at={createdAt} /> },
]

function ImageQuota({ project }: { readonly project: WireProject }) {
  const intl = useIntl()
  return (
    <Quota
      isCompact
      label={intl.formatMessage({ id: 'projects.column.images' })}
      used={project.usedImages}
      limit={project.quotaImages}
      words={(count) => intl.formatNumber(count)}
    />
  )
}

function ByteQuota({ project }: { readonly project: WireProject }) {
  const intl = useIntl()
  const words = useBytes()
  return (
    <Quota
      isCompact
      label={intl.formatMessage({ id: 'projects.column.bytes' })}
      used={project.usedBytes}
      limit={project.quotaBytes}
      words={words}
    />
  )
}
