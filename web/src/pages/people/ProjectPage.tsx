import { Button, Grid, GridItem, Stack, StackItem } from '@patternfly/react-core'
import { useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { Link, useParams } from 'react-router'
import type { WireProject } from '../../../../src/faces/console/wire.ts'
import { useMe } from '../../app/session.tsx'
import { CopyText } from '../../parts/CopyText.tsx'
import { Facts } from '../../parts/Facts.tsx'
import { PageCard } from '../../parts/PageCard.tsx'
import { None, useBytes, When } from '../../parts/values.tsx'
import { ActionsMenu } from './ActionsMenu.tsx'
import { DeleteModal } from './DeleteModal.tsx'
import { EnableModal } from './EnableModal.tsx'
import { Grants } from './Grants.tsx'
import { OnePage } from './OnePage.tsx'
import { OwnRoles } from './OwnRoles.tsx'
import { ProjectModal } from './ProjectModal.tsx'
import { ProjectState } from './ProjectsPage.tsx'
import { useOne } from './people.ts'
import { Quota } from './Quota.tsx'

/** One project: what it is, what it uses, and who may do what in it. */
export default function ProjectPage() {
  const intl = useIntl()
  const { name = '' } = useParams()
  const { superAdmin } = useMe()
  const query = useOne('projects', name)
  const [open, setOpen] = useState<'edit' | 'enable' | 'delete'>()
  const close = () => setOpen(undefined)
  const shown = query.data?.name ?? name
  const actions = ({ enabled }: WireProject) =>
    superAdmin ? (
      <>
        <Button variant="secondary" onClick={() => setOpen('edit')}>
          <FormattedMessage id="parts.edit" />
        </Button>{' '}
        <ActionsMenu
          actions={[
            {
              text: intl.formatMessage({ id: `projects.${enabled ? 'disable' : 'enable'}` }),
              onChoose: () => setOpen('enable'),
            },
            {
              text: intl.formatMessage({ id: 'parts.delete' }),
              isDanger: true,
              onChoose: () => setOpen('delete'),
            },
          ]}
        />
      </>
    ) : null
  return (
    <OnePage noun="projects" name={shown} intro={query.data?.label} query={query} actions={actions}>
      {(project) => (
        <Grid hasGutter>
          <GridItem lg={6}>
            <PageCard title={intl.formatMessage({ id: 'projects.facts' })}>
              <ProjectFacts project={project} />
            </PageCard>
          </GridItem>
          <GridItem lg={6}>
            <PageCard title={intl.formatMessage({ id: 'projects.quotas' })}>
              <Quotas project={project} />
            </PageCard>
          </GridItem>
          <GridItem>
            {superAdmin ? (
              <Grants subject={{ noun: 'projects', name: project.name }} />
            ) : (
              <OwnRoles project={project.name} />
            )}
          </GridItem>
          {open === 'edit' ? <ProjectModal project={project} onClose={close} /> : null}
          {open === 'enable' ? (
            <EnableModal noun="projects" name={project.name} enabled={!project.enabled} onClose={close} />
          ) : null}
          {open === 'delete' ? <DeleteModal noun="projects" name={project.name} onClose={close} /> : null}
        </Grid>
      )}
    </OnePage>
  )
}

function ProjectFacts({ project }: { readonly project: WireProject }) {
  const intl = useIntl()
  const label = (name: string) => intl.formatMessage({ id: `projects.${name}` })
  return (
    <Facts
      texts="projects"
      facts={[
        ['description', project.description || <None key="none" />],
        ['column.state', <ProjectState key="state" enabled={project.enabled} />],
        ['access', label(`access.${project.access}`)],
        ['id', <CopyText key="id" text={String(project.id)} label={label('id')} />],
        ['uuid', <CopyText key="uuid" text={project.uuid} label={label('uuid')} />],
        [
          'images',
          <Link key="images" to={`/images?project=${encodeURIComponent(project.name)}`}>
            <FormattedMessage id="projects.images.show" />
          </Link>,
        ],
        ['column.createdAt', <When key="created" at={project.createdAt} />],
        ['updatedAt', <When key="updated" at={project.updatedAt} />],
      ]}
    />
  )
}

function Quotas({ project }: { readonly project: WireProject }) {
  const intl = useIntl()
  const bytes = useBytes()
  const number = (count: number) => intl.formatNumber(count)
  const quotas = [
    ['quotaBytes', project.usedBytes, project.quotaBytes, bytes],
    ['quotaImages', project.usedImages, project.quotaImages, number],
    ['quotaStagedBytes', project.usedStagedBytes, project.quotaStagedBytes, bytes],
    ['quotaUploads', project.usedUploads, project.quotaUploads, number],
  ] as const
  return (
    <Stack hasGutter>
      {quotas.map(([name, used, limit, words]) => (
        <StackItem key={name}>
          <Quota
            label={intl.formatMessage({ id: `projects.${name}` })}
            used={used}
            limit={limit}
            words={words}
          />
        </StackItem>
      ))}
    </Stack>
  )
}
