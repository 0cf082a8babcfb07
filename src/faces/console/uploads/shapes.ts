import type { Upload } from '../../../catalogue/uploads/upload.ts'
import { iso } from '../shapes.ts'
import type { WireUpload } from '../wire-uploads.ts'
import { readMetadata } from './metadata.ts'

export function toWireUpload(upload: Upload): WireUpload {
  return {
    id: upload.id,
    state: upload.state,
    image: upload.imageUuid,
    size: upload.length,
    received: upload.received,
    assembled: upload.assembled,
    metadata: Object.fromEntries(readMetadata(upload.metadata)),
    task: upload.taskId,
    failure: upload.failure,
    canRetry: upload.canRetry,
    createdAt: iso(upload.createdAt),
    expiresAt: iso(upload.expiresAt),
  }
}
