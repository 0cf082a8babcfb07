import type { IntlShape } from 'react-intl'
import type { WireTask } from '../../../../src/faces/console/wire.ts'
import type { WireInstance, WireSnapshot } from '../../../../src/faces/console/wire-instances.ts'
import { ApiError } from '../../api/client.ts'

/** What can be done with a snapshot that is there. */
export type Deed = 'image' | 'revert' | 'delete'

/** Work on a snapshot that has begun. */
export type Begun = { readonly name: string; readonly task: WireTask }

export function snapshotPath({ uuid }: Pick<WireInstance, 'uuid'>, { disk, name }: WireSnapshot): string {
  return `/instances/${uuid}/disks/${disk}/snapshots/${encodeURIComponent(name)}`
}

export function isBusy({ status }: WireSnapshot): boolean {
  return status === 'pending' || status === 'rollback'
}

/** Why something was refused, as far as there are words for it in each language. */
const reasons: ReadonlySet<string> = new Set([
  'exists',
  'hypervisor',
  'newer',
  'not-installed',
  'not-operational',
  'not-stopped',
  'pending',
])

/** Work whose refusals are told in the language of the console, as far as it has words for them. */
export async function wording<T>(intl: IntlShape, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw worded(error, intl)
  }
}

function worded(error: unknown, intl: IntlShape): unknown {
  if (!(error instanceof ApiError)) return error
  const { status, code, detail } = error
  const reason = detail.subject === 'node' ? 'node' : (detail.reason ?? '')
  if (reason !== 'node' && !reasons.has(reason)) return error
  const message = intl.formatMessage({ id: `snapshots.refused.${reason}` })
  const fields = reason === 'exists' ? { fields: { name: [message] } } : {}
  return new ApiError(status, { code, message, detail: { ...detail, ...fields } })
}
