import { AlertActionCloseButton, Flex, Progress, ProgressMeasureLocation } from '@patternfly/react-core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { Link } from 'react-router'
import type { WireTask } from '../../../src/faces/console/wire.ts'
import { get } from '../api/client.ts'
import { Notice } from './Notice.tsx'
import { useBytes } from './values.tsx'

/** Between two looks at a task that is under way; live events tell sooner. Milliseconds. */
const pause = 1_000

const looks = { succeeded: 'success', failed: 'danger', cancelled: 'warning' } as const
const stale = ['images', 'image', 'offers', 'instances', 'instance']

/** What was begun: how far it is, what came of it, and where that is to be found. */
export function StartedTask({
  task: begun,
  words,
  values,
  link,
  onClose,
}: {
  readonly task: WireTask
  /** Beginning of the ids of what is said of it: `running`, `succeeded`, `failed` and `cancelled`. */
  readonly words: string
  readonly values: { readonly name: string }
  /** To what comes of it; what failed in the end may have left nothing behind. */
  readonly link?: ReactNode
  readonly onClose: () => void
}) {
  const intl = useIntl()
  const queries = useQueryClient()
  const { data: task = begun } = useQuery({
    queryKey: ['task', begun.id, 'started'],
    queryFn: ({ signal }) => get<WireTask>(`/tasks/${begun.id}`, {}, signal),
    refetchInterval: ({ state }) => (state.data && isOver(state.data) ? false : pause),
  })
  const over = isOver(task)
  const place = useRef<HTMLDivElement>(null)
  // Whoever began it may be far below.
  useEffect(() => {
    place.current?.scrollIntoView({ block: 'nearest' })
  }, [])
  useEffect(() => {
    if (over) for (const key of stale) void queries.invalidateQueries({ queryKey: [key] })
  }, [over, queries])
  return (
    <div ref={place}>
      <Notice
        variant={looks[task.state as keyof typeof looks] ?? 'info'}
        title={intl.formatMessage({ id: `${words}.${over ? task.state : 'running'}` }, values)}
        isLiveRegion
        actionClose={
          <AlertActionCloseButton
            aria-label={intl.formatMessage({ id: 'parts.started.close' }, values)}
            onClose={onClose}
          />
        }
        actionLinks={
          <Flex columnGap={{ default: 'columnGapLg' }}>
            {task.state === 'failed' || task.state === 'cancelled' ? null : link}
            <Link to={`/tasks/${task.id}`}>
              <FormattedMessage id="parts.started.task" />
            </Link>
          </Flex>
        }
      >
        {over ? (task.failure ?? null) : <HowFar task={task} />}
      </Notice>
    </div>
  )
}

function HowFar({ task: { progress, progressTotal } }: { readonly task: WireTask }) {
  const intl = useIntl()
  const words = useBytes()
  const label = intl.formatMessage({ id: 'parts.started.progress' })
  if (progressTotal === null || progressTotal === 0)
    return progress === 0 ? null : (
      <FormattedMessage id="parts.started.bytes" values={{ bytes: words(progress) }} />
    )
  const percent = Math.min(100, Math.floor((progress / progressTotal) * 100))
  return (
    <Progress
      aria-label={label}
      value={percent}
      label={intl.formatNumber(percent / 100, { style: 'percent' })}
      valueText={intl.formatNumber(percent / 100, { style: 'percent' })}
      measureLocation={ProgressMeasureLocation.outside}
      size="sm"
    />
  )
}

function isOver({ state }: WireTask): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled'
}
