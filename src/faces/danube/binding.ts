import { findDatacenter } from './datacenter-context.ts'
import type { Fields } from './fields.ts'
import type { Context } from './route.ts'
import { plainText } from './scalars.ts'

/**
 * `dc_bound` of people and groups: to the datacenter that `dc` names, else to the one in force; what is bound already
 * stays where it is. Undefined: nothing said.
 * @throws Failure `not-found` for a datacenter that the caller may not enter
 */
export async function bindingOf(
  context: Context,
  read: Fields,
  bound: number | null,
): Promise<number | null | undefined> {
  const wanted = read.boolean('dc_bound')
  if (wanted === undefined) return undefined
  if (!wanted) return null
  const name = plainText(context.data.dc)
  if (name === null || name === '') return bound ?? context.datacenter.id
  return (await findDatacenter(context, name)).id
}
