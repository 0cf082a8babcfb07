import { refuse } from './failures.ts'
import { plainText } from './scalars.ts'

export type Order = readonly { readonly field: string; readonly descending: boolean }[]

/**
 * Both signs mean descending (danube.md 0.8): `es` cannot send a minus there. Nothing said: `usual`, written alike.
 * @throws Refusal 412 for a field that the list does not have
 */
export function parseOrderBy(value: unknown, fields: readonly string[], usual: string): Order {
  const said = value === undefined || value === null || value === '' ? usual : (plainText(value) ?? '')
  const order = new Map<string, boolean>()
  for (const item of said.split(',')) {
    const [, sign, name] = /^\s*([+-]?)\s*(.*?)\s*$/s.exec(item)!
    const field = fields.find((known) => known === name)
    if (field === undefined)
      throw refuse(412, `Invalid order_by; Possible sort fields are: ${fields.join(', ')}`)
    // Named again it orders nothing, and a database takes only so many terms.
    if (!order.has(field)) order.set(field, sign !== '')
  }
  return [...order].map(([field, descending]) => ({ field, descending }))
}
