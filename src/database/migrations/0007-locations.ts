import { type Kysely, sql } from 'kysely'

/** Where the bytes of images are kept outside of the stores (glance.md section 16), in the order in which they are shown. */
export const locations = {
  // A migration runs before the types of schema.ts hold, hence `any`.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  async up(trx: Kysely<any>, engine: 'sqlite' | 'postgres'): Promise<void> {
    const { int, text } =
      engine === 'sqlite' ? { int: 'integer', text: 'text' } : { int: 'bigint', text: 'text collate "C"' }
    await sql
      .raw(
        `create table image_locations (
          image_seq ${int} not null references images (seq) on delete cascade, place ${int} not null, url ${text} not null,
          metadata_json ${text} not null, primary key (image_seq, place))`,
      )
      .execute(trx)
  },
}
