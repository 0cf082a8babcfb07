import type { PostgresPool, PostgresPoolClient } from 'kysely'
import type pg from 'pg'
import { Failure } from '../catalogue/failure.ts'
import { type Bindable, bindable, exactNumber } from './dialect.ts'
import { refuseInside, type TransactionScope } from './transactions.ts'

/**
 * Results as SQLite gives them: numbers for int8 and numeric, 1 and 0 for boolean expressions, JSON and times as
 * text. Only bytes come parsed, as a Buffer.
 */
export const postgresTypes: pg.CustomTypesConfig = {
  getTypeParser: (oid: number) => parsers[oid] ?? String,
}

type Parser = (text: string) => unknown

const parsers: Readonly<Record<number, Parser>> = {
  16: (text) => (text === 't' ? 1 : 0), // boolean
  17: (text) => Buffer.from(text.slice(2), 'hex'), // bytea, written \x0123
  20: integer, // int8
  21: Number, // int2
  23: Number, // int4
  26: Number, // oid
  700: Number, // float4
  701: Number, // float8
  1700: (text) => (/^-?\d+$/.test(text) ? integer(text) : Number(text)), // numeric, such as the sum of int8
}

function integer(text: string): number | bigint {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : exactNumber(BigInt(text))
}

/** The pool as Kysely wants it, with parameters made equal, statements prepared and errors translated. */
export function postgresPool(pool: pg.Pool, scope: TransactionScope, statementCache: number): PostgresPool {
  const clients = new WeakMap<pg.PoolClient, PostgresPoolClient>()
  const names = statementNames(statementCache)

  function wrapped(client: pg.PoolClient): PostgresPoolClient {
    // A connection that breaks while it is lent fails its query; without a listener it would end the process too.
    client.on('error', () => {})
    async function query(text: string, parameters: readonly unknown[] = []): Promise<unknown> {
      const values = parameters.map(bindable)
      const name = names.of(text)
      try {
        return await client.query(queryConfig(text, values, name))
      } catch (error) {
        if (!stalePlan(error)) throw postgresFailure(error)
        names.renew()
        // Inside a transaction this attempt is lost, and `retryable` has it run again.
        if (client.getTransactionStatus() !== 'I') throw error
        return await client.query(queryConfig(text, values))
      }
    }
    return {
      query: query as PostgresPoolClient['query'],
      release: (destroy) => client.release(destroy),
    }
  }

  return {
    options: pool.options,
    async connect() {
      refuseInside(scope)
      const client = await pool.connect().catch((error) => {
        throw postgresFailure(error)
      })
      let present = clients.get(client)
      if (!present) {
        present = wrapped(client)
        clients.set(client, present)
      }
      return present
    },
    end: () => pool.end(),
  }
}

function queryConfig(text: string, values: Bindable[], name?: string): pg.QueryConfig {
  // Extended also without parameters: the simple protocol would run several statements where SQLite refuses.
  const config = { text, values, queryMode: 'extended' }
  return name === undefined ? config : { ...config, name }
}

/**
 * Names for prepared statements, the same on every connection. A text gets its name at its second use, and only
 * so many do, because the server keeps each until the connection ends: queries of ever-changing text stay unnamed.
 */
function statementNames(size: number): { of(text: string): string | undefined; renew(): void } {
  const names = new Map<string, string | undefined>()
  let generation = 0
  let named = 0
  return {
    of(text) {
      const known = names.get(text)
      if (known !== undefined) return known
      if (named >= size) return undefined
      if (!names.has(text)) {
        if (names.size >= 4 * size)
          for (const [other, name] of names) if (name === undefined) names.delete(other)
        names.set(text, undefined)
        return undefined
      }
      const name = `imageport_${generation}_${named++}`
      names.set(text, name)
      return name
    },
    renew() {
      generation++
      named = 0
      names.clear()
    },
  }
}

/** A table changed under a prepared `select *`: happens while a newer version migrates beside this process. */
function stalePlan(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown }
  return code === '0A000' && String(message).includes('cached plan')
}

/** Errors after which the same transaction may well succeed: serialization failure, deadlock, stale plan. */
export function retryable(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return code === '40001' || code === '40P01' || stalePlan(error)
}

const lost = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
])

/**
 * Turns what is not about the query into a Failure; SQLSTATE classes from
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function postgresFailure(error: unknown): unknown {
  const { code, message } = error as { code?: unknown; message?: unknown }
  const state = typeof code === 'string' ? code : ''
  if (state === '53100') {
    return new Failure(
      'no-space',
      'The disk of the database is full.',
      { subject: 'database' },
      { cause: error },
    )
  }
  if (state === '' && /^timeout exceeded when trying to connect/.test(String(message))) {
    return new Failure(
      'busy',
      'All database connections are in use; try again later.',
      { subject: 'database' },
      { cause: error },
    )
  }
  // 08 connection, 28 authorization, 3D no such database, 53 resources, 57P shutdown; without a code, pg's own words.
  const away =
    lost.has(state) ||
    /^(08|28|3D|53|57P|58)/.test(state) ||
    (state === '' && /connection|timeout|not queryable|using a pool after/i.test(String(message)))
  if (!away) return error
  return new Failure(
    'unavailable',
    'The database cannot be reached.',
    { subject: 'database' },
    { cause: error },
  )
}
