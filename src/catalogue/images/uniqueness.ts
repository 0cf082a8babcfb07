import { sql } from 'kysely'
import type { Core, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import { fold } from '../fold.ts'
import { projectSettings } from '../people/project-settings.ts'
import type { ImageDraft } from './draft.ts'

/** What an image is called whose version nobody said. */
export const usualVersion = '1.0'

const taken = 'This alias is already in use. Please supply a different alias or version.'

/**
 * Name and version together are unique among what is written through Danube (danube.md 1.3, rule 1); images of other
 * faces that share them are left as they are. @throws Failure `invalid` (field `alias`)
 */
export async function demandFreeAlias(
  trx: Trx,
  { database }: Core,
  name: string,
  version: string | null,
  except?: string,
): Promise<void> {
  // Of two that take the name at once, the second one waits here and then finds it taken.
  if (database.engine === 'postgres')
    await sql`select pg_advisory_xact_lock(hashtextextended(${`alias ${fold(name)}`}, 0))`.execute(trx)
  let twins = trx
    .selectFrom('images')
    .select('uuid')
    .where('name_fold', '=', fold(name))
    .where('deleted', '=', 0)
    .where('status', '<>', 'killed')
    .where((where) =>
      where.or([
        where('version', '=', version ?? usualVersion),
        ...((version ?? usualVersion) === usualVersion ? [where('version', 'is', null)] : []),
      ]),
    )
  if (except !== undefined) twins = twins.where('uuid', '<>', except)
  if (await twins.limit(1).executeTakeFirst())
    throw new Failure('invalid', taken, { subject: 'image', fields: { alias: [taken] } })
}

/** @throws Failure `invalid` (field `non_field_errors`) when the project has as many bound images as it may (rule 2). */
export async function demandBoundQuota(trx: Trx, core: Core, draft: ImageDraft): Promise<void> {
  if (draft.bound === false || draft.ownerId === undefined || draft.ownerId === null) return
  const { imageLimit } = await projectSettings(trx, core, draft.ownerId)
  if (imageLimit === null) return
  if (core.database.engine === 'postgres')
    await trx.selectFrom('projects').select('id').where('id', '=', draft.ownerId).forNoKeyUpdate().execute()
  const { bound } = await trx
    .selectFrom('images')
    .select((select) => select.fn.countAll<number>().as('bound'))
    .where('owner_id', '=', draft.ownerId)
    .where('bound', '=', 1)
    .where('deleted', '=', 0)
    .where('status', '<>', 'killed')
    .executeTakeFirstOrThrow()
  if (Number(bound) < imageLimit) return
  const message = 'Maximum number of server disk images reached'
  throw new Failure('invalid', message, { subject: 'image', fields: { non_field_errors: [message] } })
}
