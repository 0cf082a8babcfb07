import { type RawBuilder, type SqlBool, sql } from 'kysely'

/** Which images a list may show at all; several are a union. Each is safe for the actor it is granted to. */
export type Scope =
  | { readonly own: number }
  | { readonly visibility: 'public' | 'community' }
  | { readonly sharedWith: number; readonly status: 'pending' | 'accepted' | 'rejected' | 'all' }
  /** Those that a datacenter may use: its own, and those it has accepted (danube.md 4.2). */
  | { readonly attachedTo: number }
  | { readonly everything: true }

/**
 * A part of a union of scopes: the images for which `condition` is true. An index leads to them in whatever order they
 * are wanted, or else `source` does: a select of their seqs, each once, and of no more than can be sorted.
 */
export type Part = {
  readonly condition: RawBuilder<SqlBool>
  readonly source?: RawBuilder<unknown>
}

/** Each part is a query of its own; who has more projects than this sees enough of all images to walk them. */
const mostOwners = 16

/**
 * Scopes as parts that are read one by one, each by its own index: one condition for all of them would have every
 * image looked at that the caller may not see. An image can be in several parts. The one of what is shared is the last.
 * @param withHidden also hidden images of others
 */
export function partsOf(scopes: readonly Scope[], withHidden: boolean): readonly Part[] {
  if (scopes.some((scope) => 'everything' in scope)) return [{ condition: sql`1 = 1` }]
  const owners = [...new Set(scopes.flatMap((scope) => ('own' in scope ? [scope.own] : [])))]
  const shown = withHidden ? sql`` : sql` and images.hidden = 0`
  const parts: Part[] = []
  if (owners.length > mostOwners) parts.push({ condition: sql`images.owner_id in (${sql.join(owners)})` })
  else parts.push(...owners.map((owner) => ({ condition: sql<SqlBool>`images.owner_id = ${owner}` })))
  const members: RawBuilder<SqlBool>[] = []
  for (const scope of scopes) {
    if ('visibility' in scope)
      // A literal, because some indexes hold nothing but what everybody may see.
      parts.push({ condition: sql`images.visibility = ${sql.lit(scope.visibility)}${shown}` })
    if ('sharedWith' in scope) members.push(memberOf(scope.sharedWith, scope.status))
    if ('attachedTo' in scope)
      parts.push({
        condition: sql`((images.owner_id = ${scope.attachedTo} and images.attached = 1) or images.seq in
          (select image_seq from image_members where ${memberOf(scope.attachedTo, 'accepted')}))`,
      })
  }
  if (members.length > 0)
    parts.push({
      // Nobody is shared with so many that they could not be sorted.
      source: sql`select distinct image_seq as seq from image_members where ${sql.join(members, sql` or `)}`,
      condition: sql`images.visibility = 'shared'${shown}`,
    })
  return parts
}

/** The images of a part, as what follows FROM. */
export function rowsOf({ condition, source }: Part): RawBuilder<unknown> {
  if (!source) return sql`images where ${condition}`
  // SQLite keeps to the order of a cross join.
  return sql`(${source}) as source cross join images where images.seq = source.seq and ${condition}`
}

/** The same parts, without what is in one before: to be counted. */
export function apart(parts: readonly Part[]): readonly Part[] {
  return parts.map((part, at) => {
    if (at === 0) return part
    const before = sql.join(
      parts.slice(0, at).map(({ condition }) => condition),
      sql` or `,
    )
    // A comparison with an owner that is missing is neither true nor false.
    return { ...part, condition: sql`${part.condition} and (${before}) is not true` }
  })
}

function memberOf(projectId: number, status: string): RawBuilder<SqlBool> {
  return status === 'all'
    ? sql`project_id = ${projectId}`
    : sql`(project_id = ${projectId} and status = ${status})`
}
