import { bad } from '../failures.ts'
import type { Query } from '../query.ts'

const usual = 25
const most = 1000

/** How many things a page holds (glance.md 6.1); too many are trimmed. @throws Refusal 400 */
export function readLimit(query: Query): number {
  const text = query.get('limit')
  if (text === undefined) return usual
  if (!/^\s*[+-]?\d+\s*$/.test(text)) throw bad('limit param must be an integer')
  const limit = Number(text)
  if (limit < 0) throw bad('limit param must be positive')
  return Math.min(limit, most)
}
