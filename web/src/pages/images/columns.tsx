import { Label, LabelGroup } from '@patternfly/react-core'
import type { ReactNode } from 'react'
import { FormattedMessage } from 'react-intl'
import { Link } from 'react-router'
import type { WireImage } from '../../../../src/faces/console/wire.ts'
import { ImageStatus } from '../../parts/ImageStatus.tsx'
import { Bytes, None, When } from '../../parts/values.tsx'

export type Column = {
  /** Also the id of its text, behind `images.column.`. */
  readonly name: string
  /** What the server sorts by; none: it cannot. */
  readonly sort?: string
  readonly show: (image: WireImage) => ReactNode
}

/** The name is always there: it leads to the image. */
export const columns: readonly Column[] = [
  {
    name: 'name',
    sort: 'name',
    show: ({ uuid, name, protected: isProtected }) => (
      <>
        <Link to={`/images/${uuid}`} className="ip-break">
          {name || uuid}
        </Link>{' '}
        {isProtected ? (
          <Label isCompact variant="outline">
            <FormattedMessage id="images.protected" />
          </Label>
        ) : null}
      </>
    ),
  },
  { name: 'status', sort: 'status', show: ({ status }) => <ImageStatus status={status} /> },
  {
    name: 'visibility',
    sort: 'visibility',
    show: ({ visibility }) => <FormattedMessage id={`image.visibility.${visibility}`} />,
  },
  { name: 'project', show: ({ project }) => (project === null ? <None /> : project.label || project.name) },
  {
    name: 'os',
    show: ({ properties: { os_distro, os_version } }) =>
      [os_distro, os_version].filter(Boolean).join(' ') || <None />,
  },
  { name: 'diskFormat', sort: 'diskFormat', show: ({ diskFormat }) => diskFormat ?? <None /> },
  { name: 'size', sort: 'size', show: ({ size }) => <Bytes value={size} /> },
  { name: 'virtualSize', sort: 'virtualSize', show: ({ virtualSize }) => <Bytes value={virtualSize} /> },
  {
    name: 'tags',
    show: ({ tags }) =>
      tags.length === 0 ? (
        <None />
      ) : (
        <LabelGroup numLabels={3}>
          {tags.map((tag) => (
            <Label key={tag} isCompact>
              {tag}
            </Label>
          ))}
        </LabelGroup>
      ),
  },
  { name: 'type', show: ({ type }) => <FormattedMessage id={`images.type.${type}`} /> },
  { name: 'region', show: ({ region }) => region || <None /> },
  { name: 'uuid', show: ({ uuid }) => <span className="ip-mono">{uuid}</span> },
  { name: 'createdAt', sort: 'createdAt', show: ({ createdAt }) => <When at={createdAt} /> },
  { name: 'updatedAt', sort: 'updatedAt', show: ({ updatedAt }) => <When at={updatedAt} /> },
]

export const usualColumns: readonly string[] = [
  'name',
  'status',
  'visibility',
  'project',
  'os',
  'diskFormat',
  'size',
  'createdAt',
]
