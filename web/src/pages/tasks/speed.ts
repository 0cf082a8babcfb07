import { useEffect, useRef, useState } from 'react'
import type { WireTaskItem } from '../../../../src/faces/console/wire-tasks.ts'
import { speedometer } from '../../uploads/speed.ts'

/** How often it is looked at. Milliseconds. */
const every = 1_000

/** Bytes per second, as it has been for the last few seconds; null: nothing moves, or nothing can be said yet. */
export function useSpeed({ state, progress, unit }: WireTaskItem): number | null {
  const [speed, setSpeed] = useState<number | null>(null)
  const latest = useRef(progress)
  latest.current = progress
  const isMoving = state === 'running' && unit === 'bytes'
  useEffect(() => {
    if (!isMoving) return
    const meter = speedometer()
    const look = () => setSpeed(meter.note(performance.now(), latest.current))
    look()
    const timer = setInterval(look, every)
    return () => {
      clearInterval(timer)
      setSpeed(null)
    }
  }, [isMoving])
  return speed !== null && speed >= 1 ? speed : null
}
