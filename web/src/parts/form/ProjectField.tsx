import { useQuery } from '@tanstack/react-query'
import { useIntl } from 'react-intl'
import type { WireProjectList } from '../../../../src/faces/console/wire.ts'
import { get } from '../../api/client.ts'
import { useMe } from '../../app/session.tsx'
import { ChoiceField } from './Field.tsx'

/** More than anybody chooses from by hand. */
const atMost = 1000

/** Projects in which new images can be made: by their names, the usual one first. */
export function useTargetProjects(): readonly string[] {
  const { superAdmin, project, roles } = useMe()
  const query = useQuery({
    queryKey: ['projects', 'names'],
    queryFn: ({ signal }) => get<WireProjectList>('/projects', { limit: atMost }, signal),
    enabled: superAdmin,
  })
  const others = superAdmin
    ? (query.data?.projects ?? []).filter(({ enabled }) => enabled).map(({ name }) => name)
    : roles.filter(({ role }) => role !== 'reader').map((held) => held.project)
  const own = project !== null && (superAdmin || others.includes(project)) ? [project] : []
  return [...new Set([...own, ...others.toSorted()])]
}

/** The project that an image will belong to. */
export function ProjectField({
  value,
  onChange,
  problem,
}: {
  readonly value: string
  readonly onChange: (project: string) => void
  readonly problem: string | undefined
}) {
  const intl = useIntl()
  const projects = useTargetProjects()
  const shown = value === '' || projects.includes(value) ? projects : [value, ...projects]
  return (
    <ChoiceField
      label={intl.formatMessage({ id: 'form.project' })}
      help={projects.length === 0 ? intl.formatMessage({ id: 'form.project.none' }) : undefined}
      problem={problem}
      isRequired
      value={value}
      onChange={onChange}
      choices={shown.map((name) => ({ value: name, text: name }))}
    />
  )
}
