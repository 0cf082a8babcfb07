import { match, type Verdict } from './finding.ts'
import { type Reading, region } from './reading.ts'

/** QEMU's discontinued format: recognised so that it can be refused under every label. */
export function* qed(): Reading<Verdict | null> {
  const head = yield region(0, 4)
  if (head.toString('latin1') !== 'QED\0') return null
  return match('qed', null, [
    { format: 'qed', reason: 'qed', message: 'QED images are not accepted: they may name a backing file.' },
  ])
}
