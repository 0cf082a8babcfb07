import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'

/** Makes a qcow2 image one of those that older qemu-img made: their header does not say of which format the backing file is. */
export async function forgetBackingFormat(file: string): Promise<void> {
  const bytes = await readFile(file)
  // The header extension that says it; unknown ones are skipped.
  const at = bytes.indexOf(Buffer.from('e2792aca', 'hex'))
  assert.ok(at > 0)
  bytes.writeUInt32BE(0x12345678, at)
  await writeFile(file, bytes)
}
