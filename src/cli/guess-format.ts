import type { FileHandle } from 'node:fs/promises'
import { extname } from 'node:path'

/** The formats that images can have, and containers around them; the server judges, this is for help and guessing. */
export const diskFormats = [
  'raw',
  'qcow2',
  'vmdk',
  'vdi',
  'vhd',
  'vhdx',
  'iso',
  'ploop',
  'ami',
  'ari',
  'aki',
] as const

const byExtension: Readonly<Record<string, string>> = {
  '.qcow2': 'qcow2',
  '.qcow': 'qcow2',
  '.raw': 'raw',
  '.img': 'raw',
  '.iso': 'iso',
  '.vmdk': 'vmdk',
  '.vdi': 'vdi',
  '.vhd': 'vhd',
  '.vpc': 'vhd',
  '.vhdx': 'vhdx',
  '.hds': 'ploop',
}

/** Bytes that a format has at a fixed place. */
const magics: readonly { readonly format: string; readonly at: number; readonly bytes: string }[] = [
  { format: 'qcow2', at: 0, bytes: 'QFI\xfb' },
  { format: 'vmdk', at: 0, bytes: 'KDMV' },
  { format: 'vmdk', at: 0, bytes: '# Disk DescriptorFile' },
  { format: 'vhdx', at: 0, bytes: 'vhdxfile' },
  { format: 'vhd', at: 0, bytes: 'conectix' },
  { format: 'vdi', at: 64, bytes: '\x7f\x10\xda\xbe' },
  { format: 'iso', at: 32_769, bytes: 'CD001' },
  { format: 'ploop', at: 0, bytes: 'WithoutFreeSpace' },
  { format: 'ploop', at: 0, bytes: 'WithouFreSpacExt' },
]

/** How much of a file is looked at. */
const headBytes = 32_774

/**
 * The format of a file: what its first bytes say, else (as for a fixed VHD, whose mark is at its end) what its name
 * says; null when neither does.
 */
export async function guessFormat(file: FileHandle, name: string): Promise<string | null> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0)
  const head = buffer.subarray(0, bytesRead)
  const found = magics.find(({ at, bytes }) =>
    head.subarray(at, at + bytes.length).equals(Buffer.from(bytes, 'latin1')),
  )
  return found?.format ?? formatOfName(name)
}

export function formatOfName(name: string): string | null {
  return byExtension[extname(name).toLowerCase()] ?? null
}
