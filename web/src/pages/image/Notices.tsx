import { AlertActionLink, Progress, ProgressMeasureLocation } from '@patternfly/react-core'
import { FormattedMessage, useIntl } from 'react-intl'
import { Link } from 'react-router'
import type { WireTask } from '../../../../src/faces/console/wire.ts'
import { Notice } from '../../parts/Notice.tsx'
import { useToasts } from '../../parts/toasts.tsx'
import { useBytes } from '../../parts/values.tsx'
import { useDecide, useMembers } from './sharing/members.ts'
import type { TabProps } from './tabs.ts'

/** What one should know about the image before anything else. */
export function Notices({ detail }: TabProps) {
  const { image, task } = detail
  return (
    <div className="ip-notices">
      {task === null ? null : <Working task={task} />}
      {image.failure === null || task !== null ? null : (
        <Notice variant="danger" title={<FormattedMessage id="image.failure" />}>
          <span className="ip-break">{image.failure}</span>
        </Notice>
      )}
      {/* Whoever does not belong to its project is offered it. */}
      {image.visibility === 'shared' && detail.provenance === null ? <Offers detail={detail} /> : null}
    </div>
  )
}

function Working({ task }: { readonly task: WireTask }) {
  const intl = useIntl()
  const bytes = useBytes()
  const { progress, progressTotal: total } = task
  return (
    <Notice title={<FormattedMessage id="image.working" />}>
      {total ? (
        <Progress
          value={Math.min(100, Math.floor((100 * progress) / total))}
          aria-label={intl.formatMessage({ id: 'image.working.progress' })}
          measureLocation={ProgressMeasureLocation.outside}
        />
      ) : progress > 0 ? (
        <p>
          <FormattedMessage id="image.working.bytes" values={{ bytes: bytes(progress) }} />
        </p>
      ) : null}
      <Link to={`/tasks/${task.id}`}>
        <FormattedMessage id="image.working.task" />
      </Link>
    </Notice>
  )
}

function Offers({ detail: { image } }: TabProps) {
  const toasts = useToasts()
  const { data: members = [] } = useMembers(image)
  const decide = useDecide(image.uuid)
  return members
    .filter(({ status, mayDecide }) => status === 'pending' && mayDecide)
    .map((member) => (
      <Notice
        key={member.id}
        title={
          <FormattedMessage
            id="image.offer"
            values={{ project: member.project?.label || member.project?.name || member.id }}
          />
        }
        actionLinks={(['accepted', 'rejected'] as const).map((status) => (
          <AlertActionLink key={status} onClick={() => void decide(member, status).catch(toasts.fail)}>
            <FormattedMessage id={`image.member.decide.${status}`} />
          </AlertActionLink>
        ))}
      >
        <FormattedMessage id="image.offer.body" />
      </Notice>
    ))
}
