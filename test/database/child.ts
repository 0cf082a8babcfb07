/** Run by the tests as a process of its own: node child.ts <what> <url> [number]. Prints what it has committed. */
import { type Kysely, sql } from 'kysely'
import { migrate } from '../../src/database/migrate.ts'
import { openDatabase } from '../../src/database/open.ts'
import { steps } from './steps.ts'

type Tables = { counters: { id: number; value: number } }

const [what, url = '', number = '0'] = process.argv.slice(2)
const opened = await openDatabase<Tables>(url)

async function increment(trx: Kysely<Tables>): Promise<number> {
  const query = trx.selectFrom('counters').select('value').where('id', '=', 1)
  const { value } = await (opened.engine === 'postgres' ? query.forUpdate() : query).executeTakeFirstOrThrow()
  await trx
    .updateTable('counters')
    .set({ value: value + 1 })
    .where('id', '=', 1)
    .execute()
  return value + 1
}

switch (what) {
  case 'migrate':
    console.log(JSON.stringify(await migrate(opened, steps)))
    break
  case 'increment':
    for (let round = 0; round < Number(number); round++) await opened.transaction(increment)
    break
  case 'commit': // until it is killed
    for (let id = 1; ; id++) {
      await sql`insert into counters (id, value) values (${id}, ${id})`.execute(opened.db)
      process.stdout.write(`${id}\n`)
    }
}
await opened.close()
