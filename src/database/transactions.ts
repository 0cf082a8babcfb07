import { AsyncLocalStorage } from 'node:async_hooks'
import type { IsolationLevel, Kysely, Transaction } from 'kysely'

/** A transaction on its way, visible to everything that its work calls. */
export type Running = {
  /** False once the work is over: what it left running in the background may use the database again. */
  open: boolean
  /** The Kysely transaction; of unknown schema, because only raw SQL is sent through it. */
  readonly trx: Transaction<unknown>
  readonly afterCommit: (() => void)[]
}

/** One per opened database: tells whether the present code runs inside one of its transactions. */
export type TransactionScope = AsyncLocalStorage<Running | undefined>

export function transactionScope(): TransactionScope {
  return new AsyncLocalStorage()
}

/** The transaction that the present code runs in. */
export function running(scope: TransactionScope): Running | undefined {
  const found = scope.getStore()
  return found?.open ? found : undefined
}

/**
 * Guards what must not happen inside a transaction. Without it, a query through `db` instead of `trx` would wait
 * for the only SQLite connection for ever, and on PostgreSQL it would quietly see an older state.
 *
 * @throws Error — a mistake in the program
 */
export function refuseInside(scope: TransactionScope): void {
  if (running(scope))
    throw new Error('Inside a transaction only its own `trx` may be used, and no second one begun.')
}

export type TransactionRules = {
  /** How often the work may run in all. */
  readonly attempts: number
  /** Whether an error means that a second try may succeed. */
  retryable(error: unknown): boolean
  readonly isolation: IsolationLevel
  /** Of each further attempt. */
  readonly isolationAgain: IsolationLevel
}

/** Runs work in one transaction and what it put off until after the commit. */
export async function runTransaction<DB, T>(
  db: Kysely<DB>,
  scope: TransactionScope,
  rules: TransactionRules,
  work: (trx: Transaction<DB>) => Promise<T>,
): Promise<T> {
  refuseInside(scope)
  for (let attempt = 1; ; attempt++) {
    const afterCommit: (() => void)[] = []
    try {
      const result = await db
        .transaction()
        .setIsolationLevel(attempt === 1 ? rules.isolation : rules.isolationAgain)
        .execute(async (trx) => {
          const present: Running = { open: true, trx: trx as unknown as Transaction<unknown>, afterCommit }
          try {
            return await scope.run(present, () => work(trx))
          } finally {
            present.open = false
          }
        })
      for (const act of afterCommit) act()
      return result
    } catch (error) {
      if (attempt >= rules.attempts || !rules.retryable(error)) throw error
      // Full jitter: two that collided must not meet again at the same moment.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 10 * 2 ** attempt))
    }
  }
}
