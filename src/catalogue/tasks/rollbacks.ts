import { rollBackImport } from '../images/imports.ts'
import { rollBackRevision } from '../images/revisions.ts'
import type { Rollback } from './end.ts'

/** Kind of task → how the catalogue is put right when the work did not succeed. Kinds that leave nothing have none. */
export const rollbacks: Readonly<Record<string, Rollback>> = {
  'import-url': rollBackImport,
  'copy-image': rollBackImport,
  'publish-image': rollBackRevision,
}
