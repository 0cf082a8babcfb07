import { rollBackSnapshotImage } from '../images/from-snapshot.ts'
import { rollBackImport } from '../images/imports.ts'
import { rollBackRevision } from '../images/revisions.ts'
import { rollBackStoreImport } from '../images/store-imports/rollback.ts'
import { rollBackCreation, rollBackSnapshot } from '../places/instances/snapshot.ts'
import { rollBackState } from '../places/instances/states.ts'
import type { Rollback } from './rollback.ts'

/** Kind of task → how the catalogue is put right when the work did not succeed. Kinds that leave nothing have none. */
export const rollbacks: Readonly<Record<string, Rollback>> = {
  'import-url': rollBackImport,
  'copy-image': rollBackImport,
  'location-import': rollBackImport,
  'assemble-upload': rollBackImport,
  'import-image': rollBackStoreImport,
  'publish-image': rollBackRevision,
  'snapshot-image': rollBackSnapshotImage,
  'create-snapshot': rollBackCreation,
  'delete-snapshot': rollBackSnapshot,
  'revert-snapshot': rollBackSnapshot,
  'instance-state': rollBackState,
}
