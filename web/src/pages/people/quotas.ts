import type { IntlShape } from 'react-intl'
import type { WireProject, WireProjectChange } from '../../../../src/faces/console/wire.ts'
import { amountOf, type ByteAmount, bytesIn, countIn } from './byte-amount.ts'
import { wrongField } from './refusals.ts'

export const byteQuotas = ['quotaBytes', 'quotaStagedBytes'] as const
export const countQuotas = ['quotaImages', 'quotaUploads'] as const

/** The quotas of a project as a form has them; nothing written: no limit. */
export type QuotaDraft = Readonly<Record<(typeof byteQuotas)[number], ByteAmount>> &
  Readonly<Record<(typeof countQuotas)[number], string>>

export function quotaDraft(project: Pick<WireProject, keyof QuotaDraft> | undefined): QuotaDraft {
  const count = (value: number | null | undefined) =>
    value === null || value === undefined ? '' : String(value)
  return {
    quotaBytes: amountOf(project?.quotaBytes ?? null),
    quotaImages: count(project?.quotaImages),
    quotaStagedBytes: amountOf(project?.quotaStagedBytes ?? null),
    quotaUploads: count(project?.quotaUploads),
  }
}

/**
 * What has to be told of the quotas: those that were written anew, so that the installation's default stays one.
 * @throws ApiError for what is no number
 */
export function quotaChange(before: QuotaDraft, after: QuotaDraft, intl: IntlShape): WireProjectChange {
  const change: Record<string, number | null> = {}
  const put = (name: string, value: number | null | undefined) => {
    if (value === undefined) throw wrongField(name, intl.formatMessage({ id: 'projects.quota.invalid' }))
    change[name] = value
  }
  for (const name of byteQuotas)
    if (JSON.stringify(before[name]) !== JSON.stringify(after[name])) put(name, bytesIn(after[name]))
  for (const name of countQuotas) if (before[name] !== after[name]) put(name, countIn(after[name]))
  return change
}
