import { FormattedMessage } from 'react-intl'
import { Link } from 'react-router'
import type { WireImportStarted } from '../../../src/faces/console/wire.ts'
import { StartedTask } from './StartedTask.tsx'

/** An image that a task makes. */
export function Started({
  started: { image, task },
  onClose,
}: {
  readonly started: WireImportStarted
  readonly onClose: () => void
}) {
  return (
    <StartedTask
      task={task}
      words="parts.started"
      values={{ name: image.name || image.uuid }}
      link={
        <Link to={`/images/${image.uuid}`}>
          <FormattedMessage id="parts.started.image" />
        </Link>
      }
      onClose={onClose}
    />
  )
}
