import { randomBytes } from 'node:crypto'
import { prepared } from '../../database/prepared.ts'
import type { Query } from '../core.ts'
import { Failure } from '../failure.ts'

/** The Danube name: unique, at most 32 characters (one-catalogue.md section 2). */
export const handlePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/

/** A handle from a free-text name: unsafe characters become `-`, and a short suffix makes it unique where it must. */
export async function freeHandle(query: Query, name: string): Promise<string> {
  const slug = name
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[._-]+|[._-]+$/g, '')
  const plain = slug.slice(0, 32) || 'image'
  if (!(await taken(query, plain))) return plain
  for (;;) {
    const candidate = `${plain.slice(0, 25)}-${randomBytes(3).toString('hex')}`
    if (!(await taken(query, candidate))) return candidate
  }
}

async function taken(query: Query, handle: string): Promise<boolean> {
  return (await byHandle(query, { handle })).length > 0
}

const byHandle = prepared((query: Query, { handle }: { handle: string }) =>
  query.selectFrom('images').select('seq').where('handle', '=', handle),
)

export function demandHandle(handle: string): void {
  if (!handlePattern.test(handle))
    throw new Failure('invalid', 'The handle is not valid.', { fields: { handle: ['Invalid value.'] } })
}
