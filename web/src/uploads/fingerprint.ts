import type { WireUpload } from '../../../src/faces/console/wire-uploads.ts'

/** What tells that a file is the one an upload was begun with: browsers do not let a page open it again by itself. */
export function isFileOf({ size, metadata }: WireUpload, file: File): boolean {
  return (
    file.size === size &&
    file.name === metadata.filename &&
    String(file.lastModified) === metadata.lastModified
  )
}
