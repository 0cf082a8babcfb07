import type { Actor } from '../actor.ts'
import { record } from '../audit.ts'
import type { Core } from '../core.ts'
import type { Image } from '../images/image.ts'
import { lockImage } from '../images/save.ts'

export type Icon = { readonly mediaType: string; readonly content: Buffer }

/** The picture of an image, for catalogues that people look at. */
export function icons(core: Core) {
  const { database } = core

  return {
    /** Of an image that the caller was shown. */
    async view(image: Image): Promise<Icon | null> {
      const row = await database.db
        .selectFrom('image_icons')
        .select(['media_type', 'content'])
        .where('image_seq', '=', image.seq)
        .executeTakeFirst()
      return row ? { mediaType: row.media_type, content: Buffer.from(row.content) } : null
    },

    /** Replaces the one that is there. @throws Failure `not-found`, `forbidden`. */
    async put(actor: Actor, uuid: string, icon: Icon): Promise<void> {
      await database.transaction(async (trx) => {
        const image = await lockImage(trx, core, actor, uuid, 'image.update')
        const facts = { media_type: icon.mediaType, content: icon.content }
        await trx
          .insertInto('image_icons')
          .values({ image_seq: image.seq, ...facts })
          .onConflict((conflict) => conflict.column('image_seq').doUpdateSet(facts))
          .execute()
        const after = { icon: icon.mediaType, bytes: icon.content.length }
        await record(trx, actor, { action: 'update', kind: 'image', id: image.uuid, after })
      })
    },

    /** Nothing happens where there is none. @throws Failure `not-found`, `forbidden`. */
    async remove(actor: Actor, uuid: string): Promise<void> {
      await database.transaction(async (trx) => {
        const image = await lockImage(trx, core, actor, uuid, 'image.update')
        const row = await trx
          .deleteFrom('image_icons')
          .where('image_seq', '=', image.seq)
          .returning('media_type')
          .executeTakeFirst()
        if (!row) return
        const before = { icon: row.media_type }
        await record(trx, actor, { action: 'update', kind: 'image', id: image.uuid, before })
      })
    },
  }
}
