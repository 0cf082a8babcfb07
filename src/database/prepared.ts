import type { Compilable, CompiledQuery, InsertResult, Kysely, QueryResult } from 'kysely'

/** Values by name, as a prepared query takes them. */
export type Parameters = Readonly<Record<string, string | number | bigint | boolean | null | Uint8Array>>

type Compiled = { readonly query: CompiledQuery; readonly values: readonly (Placeholder | unknown)[] }

/** Stands for a parameter while the query is built; Kysely passes it through as it would any value. */
class Placeholder {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/**
 * A query that is built and compiled once per engine, and then only given new parameters. The builder is called
 * with placeholders: it may hand them to Kysely, but not look at them, and not use one as a list.
 *
 * @example
 * const byId = prepared((db: Kysely<Database>, p: { id: number }) => db.selectFrom('images').selectAll().where('id', '=', p.id))
 * const [image] = await byId(trx, { id: 7 })
 */
export function prepared<DB, P extends Parameters, Row>(
  build: (db: Kysely<DB>, parameters: P) => Compilable<Row>,
): (db: Kysely<DB>, parameters: P) => Promise<Row[]> {
  const run = compiled(build)
  return async (db, parameters) => (await run(db, parameters)).rows
}

type Prepared<DB, P, Row> = (db: Kysely<DB>, parameters: P) => Promise<QueryResult<Row>>

function compiled<DB, P extends Parameters, Row>(
  build: (db: Kysely<DB>, parameters: P) => Compilable<Row>,
): Prepared<DB, P, Row> {
  // A Kysely and its transactions share the adapter, and different databases never do.
  const byAdapter = new WeakMap<object, Compiled>()

  function compile(db: Kysely<DB>): Compiled {
    const placeholders = new Proxy({} as P, { get: (_, name) => new Placeholder(String(name)) })
    // Plugins see parameters, and placeholders are none; they do not see the query when it is run, either.
    const query = build(db.withoutPlugins(), placeholders).compile()
    return { query, values: query.parameters }
  }

  return async (db, parameters) => {
    const { adapter } = db.getExecutor()
    let found = byAdapter.get(adapter)
    if (!found) {
      found = compile(db)
      byAdapter.set(adapter, found)
    }
    const values = found.values.map((value) =>
      value instanceof Placeholder ? parameters[value.name] : value,
    )
    return db.executeQuery<Row>({ ...(found.query as CompiledQuery<Row>), parameters: values })
  }
}

/**
 * The same for an insert of one row: its columns are those of the first row, and all others must have the same ones.
 * @returns how many rows were written: none where the insert does nothing on a conflict
 *
 * @example
 * const insertTag = preparedInsert((db: Kysely<Database>, row: TagRow) => db.insertInto('tags').values(row))
 */
export function preparedInsert<DB, Row extends Parameters>(
  build: (db: Kysely<DB>, row: Row) => Compilable<InsertResult>,
): (db: Kysely<DB>, row: Row) => Promise<number> {
  let insert: Prepared<DB, Row, InsertResult> | undefined
  return async (db, first) => {
    insert ??= compiled((own: Kysely<DB>, row: Row) =>
      build(own, Object.fromEntries(Object.keys(first).map((name) => [name, row[name]])) as Row),
    )
    return Number((await insert(db, first)).numAffectedRows)
  }
}
