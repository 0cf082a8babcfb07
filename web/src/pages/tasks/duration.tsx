import { useEffect, useState } from 'react'
import { useIntl } from 'react-intl'
import type { WireTaskItem } from '../../../../src/faces/console/wire-tasks.ts'
import { None } from '../../parts/values.tsx'
import { isOver, lasted } from './task.ts'

/** How long a task has worked; it goes on counting while that lasts. */
export function Duration({ task }: { readonly task: WireTaskItem }) {
  const words = useDuration()
  const now = useClock(task.startedAt !== null && !isOver(task))
  const ms = lasted(task, now)
  return ms === null ? <None /> : words(ms / 1000)
}

/** Seconds as people say them, in the two largest units that matter. */
export function useDuration(): (seconds: number) => string {
  const intl = useIntl()
  return (seconds) => {
    const whole = Math.max(0, Math.round(seconds))
    const [large, small] = whole < 60 ? [] : whole < 3600 ? [60, 1] : [3600, 60]
    if (large === undefined || small === undefined)
      return intl.formatMessage({ id: 'tasks.duration.seconds' }, { seconds: whole })
    const values = { large: Math.floor(whole / large), small: Math.floor((whole % large) / small) }
    return intl.formatMessage({ id: `tasks.duration.${large === 60 ? 'minutes' : 'hours'}` }, values)
  }
}

/** The time, which moves once in a second while somebody needs it to. */
function useClock(isMoving: boolean): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    setNow(Date.now())
    if (!isMoving) return
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [isMoving])
  return now
}
