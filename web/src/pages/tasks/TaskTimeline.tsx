import { ProgressStep, ProgressStepper } from '@patternfly/react-core'
import { useQuery } from '@tanstack/react-query'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireTaskItem, WireTaskLog } from '../../../../src/faces/console/wire-tasks.ts'
import { get } from '../../api/client.ts'
import { QueryView } from '../../parts/QueryView.tsx'
import { When } from '../../parts/values.tsx'
import { type Step, timelineOf } from './timeline.ts'

/** What happened to a task, from its beginning to its end or until now. */
export function TaskTimeline({ task }: { readonly task: WireTaskItem }) {
  const intl = useIntl()
  const query = useQuery({
    // The log is asked for again when the task has come to another state, which live events tell.
    queryKey: ['task', task.id, 'log'],
    queryFn: ({ signal }) => get<WireTaskLog>(`/tasks/${task.id}/log`, {}, signal),
  })
  return (
    <QueryView query={query} lines={6}>
      {(log) => {
        const steps = timelineOf(task, log)
        return (
          <ProgressStepper isVertical aria-label={intl.formatMessage({ id: 'tasks.log' })}>
            {steps.map((step, index) => (
              <ProgressStep
                // biome-ignore lint/suspicious/noArrayIndexKey: nothing is ever put between what has happened
                key={index}
                id={`step-${index}`}
                titleId={`step-${index}-title`}
                variant={step.look}
                isCurrent={step.at === null}
                aria-label={intl.formatMessage({ id: `tasks.look.${step.look}` })}
                description={<Beside step={step} />}
              >
                {step.text ?? <FormattedMessage id={`tasks.step.${step.id}`} />}
              </ProgressStep>
            ))}
          </ProgressStepper>
        )
      }}
    </QueryView>
  )
}

function Beside({ step: { at, who, face, detail } }: { readonly step: Step }) {
  const intl = useIntl()
  return (
    <>
      {at === null ? null : (
        <span className="ip-task-moment">
          {face === undefined ? (
            <When at={at} />
          ) : (
            <FormattedMessage
              id="tasks.deed"
              values={{
                who: who || intl.formatMessage({ id: 'tasks.nobody' }),
                face: intl.formatMessage({ id: `image.face.${face}` }),
                when: <When at={at} />,
              }}
            />
          )}
        </span>
      )}
      {detail ? <span className="ip-task-moment ip-break">{detail}</span> : null}
    </>
  )
}
