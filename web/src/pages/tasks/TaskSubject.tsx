import { FormattedMessage } from 'react-intl'
import { Link } from 'react-router'
import type { WireTaskItem } from '../../../../src/faces/console/wire-tasks.ts'
import { None } from '../../parts/values.tsx'

/** What a task works on: a link to the image where one can go there, else how it was called. */
export function TaskSubject({ task: { image, imageName, subject } }: { readonly task: WireTaskItem }) {
  if (image !== null && imageName !== null)
    return (
      <Link to={`/images/${image}`} className="ip-break">
        {imageName}
      </Link>
    )
  const name = subject ?? image
  if (name === null) return <None />
  if (image === null) return <span className="ip-break">{name}</span>
  return (
    <span className="ip-break">
      <FormattedMessage id="tasks.subject.gone" values={{ name }} />
    </span>
  )
}
