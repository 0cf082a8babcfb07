import type { KyselyPlugin, QueryId, RootOperationNode } from 'kysely'
import { sql } from 'kysely'
import type { Core } from '../../src/catalogue/core.ts'

/**
 * How the database would run each query of a piece of the catalogue, in its order.
 * @param ask builds that piece on the core it is given, and uses it
 * @param without what PostgreSQL must not use (`seqscan`, `sort`, …): in tests' small tables that is often cheapest
 */
export async function plansOf(
  core: Core,
  ask: (core: Core) => Promise<unknown>,
  without: readonly string[],
): Promise<string[]> {
  const seen: { node: RootOperationNode; queryId: QueryId }[] = []
  const spy: KyselyPlugin = {
    transformQuery: (args) => {
      seen.push(args)
      return args.node
    },
    transformResult: async ({ result }) => result,
  }
  const { db, engine } = core.database
  await ask({ ...core, database: { ...core.database, db: db.withPlugin(spy) } })
  return core.database.transaction(async (trx) => {
    if (engine === 'postgres')
      for (const way of without) await sql`set local ${sql.raw(`enable_${way}`)} = off`.execute(trx)
    const plans: string[] = []
    for (const { node, queryId } of seen) {
      const compiled = db.getExecutor().compileQuery(node, queryId)
      const { rows } = await trx.executeQuery<Record<string, string>>({
        ...compiled,
        sql: `${engine === 'sqlite' ? 'explain query plan' : 'explain'} ${compiled.sql}`,
      })
      plans.push(rows.map((row) => row.detail ?? row['QUERY PLAN']).join('\n'))
    }
    return plans
  })
}
